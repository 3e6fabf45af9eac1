"""What a model may have learned from: known for every pair of a model and an evaluation set."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from training.checkpoints.model_ref import ModelRef, model_ref
from training.checkpoints.reading import load_checkpoint, write_safetensors
from training.data.mnist import DATA as MNIST
from training.data.registry import DATA_SETS, evaluation_set
from training.data.seen import (
    NOT_KNOWN,
    Seen,
    as_equals,
    learned_from_in_words,
    may_have_seen,
    never_compared,
    seen_in_words,
)
from training.runs.config import TrainConfig
from training.runs.run_folder import Run
from training.runs.run_writer import RunWriter, keep_as_run
from training.runs.worker import train_into
from training.system.errors import UserError
from training.system.folders import PRETRAINED, pretrained_names

SETS = [each.name for data in DATA_SETS.values() if not data.stands_in_for for each in data.evaluation_sets]
TRAINING_DIGITS = replace(MNIST.evaluation_sets[0], name="training-digits", images=7, positions=None, part="train")


@pytest.fixture
def on_training_digits(monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of an evaluation set of training images, which nothing that ships has."""
    monkeypatch.setitem(DATA_SETS, "mnist", replace(MNIST, evaluation_sets=(*MNIST.evaluation_sets, TRAINING_DIGITS)))
    return TRAINING_DIGITS.name


@pytest.mark.parametrize("set_name", SETS)
class TestEveryPair:
    @pytest.mark.parametrize("data", DATA_SETS)
    def test_no_training_here_sees_test_images(self, data: str, set_name: str) -> None:
        assert may_have_seen(data, set_name) is Seen.no

    def test_of_a_file_nobody_knows(self, set_name: str) -> None:
        assert may_have_seen(NOT_KNOWN, set_name) is Seen.unknown

    @pytest.mark.parametrize("name", pretrained_names())
    def test_shipped_models_saw_training_images_alone(self, name: str, set_name: str) -> None:
        assert (
            model_ref("shipped", name).learned_from == json.loads((PRETRAINED / name / "card.json").read_text())["data"]
        )
        assert may_have_seen(model_ref("shipped", name).learned_from, set_name) is Seen.no

    def test_two_models_are_equals_unless_one_is_a_strangers(self, set_name: str) -> None:
        assert as_equals("mnist", "mnist-sample", set_name)
        assert not as_equals("mnist", NOT_KNOWN, set_name)
        assert not as_equals(NOT_KNOWN, NOT_KNOWN, set_name)
        assert not never_compared("mnist", NOT_KNOWN, set_name)


def test_training_images_were_learned_from_by_models_of_the_whole_and_of_the_sample(on_training_digits: str) -> None:
    assert may_have_seen("mnist", on_training_digits) is Seen.yes
    assert may_have_seen("mnist-sample", on_training_digits) is Seen.yes
    assert may_have_seen("fashion-mnist", on_training_digits) is Seen.no
    assert may_have_seen(NOT_KNOWN, on_training_digits) is Seen.unknown
    assert never_compared("mnist", "fashion-mnist", on_training_digits)
    assert never_compared(NOT_KNOWN, "mnist", on_training_digits)
    assert not as_equals("fashion-mnist", "mnist", on_training_digits)


def test_the_embedded_labelled_digits_are_training_images(monkeypatch: pytest.MonkeyPatch) -> None:
    sample = DATA_SETS["mnist-sample"]
    labelled = replace(sample.evaluation_sets[0], name="labelled", part="labelled")
    monkeypatch.setitem(DATA_SETS, "mnist-sample", replace(sample, evaluation_sets=(labelled,)))
    assert may_have_seen("mnist", "labelled") is may_have_seen("mnist-sample", "labelled") is Seen.yes


def test_no_set_that_ships_has_training_images() -> None:
    assert {evaluation_set(name)[1].part for name in SETS} <= {"test", "homework"}


def test_an_unknown_set_is_a_sentence() -> None:
    with pytest.raises(UserError, match="no evaluation set 'train': choose homework"):
        may_have_seen("mnist", "train")


class TestWhereAModelComesFrom:
    def test_a_run_learned_from_the_data_of_its_config(self, brief: TrainConfig, runs_folder: Path) -> None:
        assert train_into(RunWriter(runs_folder / "mine", brief)).state == "finished"
        assert model_ref("run", "mine").learned_from == "mnist-sample"
        assert load_checkpoint(runs_folder / "mine").learned_from == "mnist-sample"

    def test_a_file_is_not_believed(self, digit_file: Path, tmp_path: Path) -> None:
        checkpoint = load_checkpoint(digit_file)
        claims = tmp_path / "claims.safetensors"
        write_safetensors(claims, checkpoint.state, family="vae", config=checkpoint.config, step=19, data="mnist")
        assert load_checkpoint(claims).data == "mnist"
        assert load_checkpoint(claims).learned_from == NOT_KNOWN
        assert ModelRef("upload", "claims", claims, "vae", "mnist").learned_from == NOT_KNOWN

    def test_neither_is_one_that_was_kept_on_this_server(self, digit_file: Path, runs_folder: Path) -> None:
        kept: Run = keep_as_run(load_checkpoint(digit_file))
        assert model_ref("run", kept.id).learned_from == NOT_KNOWN
        assert load_checkpoint(kept.path).learned_from == NOT_KNOWN

    def test_a_shipped_file_taken_out_of_its_folder_is_a_strangers(self, tmp_path: Path) -> None:
        (tmp_path / "model.safetensors").write_bytes((PRETRAINED / "vae" / "model.safetensors").read_bytes())
        assert load_checkpoint(PRETRAINED / "vae").learned_from == "mnist"
        assert load_checkpoint(tmp_path).learned_from == NOT_KNOWN


class TestInWords:
    def test_what_a_model_learned_from(self) -> None:
        assert learned_from_in_words("mnist") == "60,000 training digits of MNIST"
        assert learned_from_in_words("mnist-sample") == "5,000 training digits of the embedded sample"
        assert learned_from_in_words(NOT_KNOWN) == "not known"

    def test_one_sentence_for_each_case(self, on_training_digits: str) -> None:
        models = {"vae": "mnist", "mine": "mnist-sample", "gmvae": "mnist", "theirs": NOT_KNOWN}
        known, unknown = seen_in_words(models, "homework")
        assert known == (
            "Learned from none of these images: vae, gmvae from 60,000 training digits of MNIST; mine from 5,000 "
            "training digits of the embedded sample."
        )
        assert "What theirs learned from is not known." in unknown
        learned, _ = seen_in_words(models, on_training_digits)
        assert learned.startswith("Learned from images among these: vae, mine, gmvae.")
