import hashlib
import math
from dataclasses import fields
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from models.registry import PRESETS, family_of
from training.checkpoints.reading import load_checkpoint
from training.data.datasets import Dataset
from training.data.registry import default_data_set, whole
from training.evaluation.bounds import evaluate
from training.evaluation.disentanglement import Disentanglement
from training.release.cards import read_card, write_card
from training.release.published import REFERENCES
from training.runs.config import TrainConfig
from training.system.errors import UserError
from training.system.folders import PRETRAINED, pretrained_names

shipped = pytest.mark.parametrize("name", pretrained_names())


def test_every_preset_that_a_student_needs_is_shipped() -> None:
    assert set(pretrained_names()) == PRESETS.keys()


@shipped
class TestEveryCard:
    def test_it_describes_the_weights_beside_it(self, name: str) -> None:
        card, loaded = read_card(PRETRAINED / name), load_checkpoint(PRETRAINED / name)
        model = loaded.family.fresh(loaded.config, seed=0)
        assert card.sha256 == hashlib.sha256((PRETRAINED / name / "model.safetensors").read_bytes()).hexdigest()
        assert card.parameters == sum(value.numel() for value in model.parameters())
        assert (card.name, card.family, card.steps) == (name, loaded.family.name, loaded.step)
        assert loaded.ignored == ()

    def test_it_was_trained_by_its_presets_recipe_on_the_full_data(self, name: str) -> None:
        card, preset = read_card(PRETRAINED / name), PRESETS[name]
        config = TrainConfig.model_validate(card.training)
        assert (config.preset, config.model) == (name, preset.model)
        assert (config.batch_size, config.learning_rate) == (preset.batch_size, preset.learning_rate)
        assert config.cooldown == preset.cooldown
        assert config.steps == preset.steps
        assert (card.steps, card.seed, card.data) == (config.steps, config.seed, config.data)
        assert card.data == default_data_set(family_of(name).images).name

    def test_its_numbers_keep_the_identities(self, name: str) -> None:
        sets = read_card(PRETRAINED / name).sets
        data = whole(read_card(PRETRAINED / name).data)
        images = {"homework": 100, "test": 10_000, "svhn": 26_032}
        assert {key: numbers.images for key, numbers in sets.items()} == {
            key: images[key] for key in data.measured_by_default
        }
        assert "homework" not in sets or list(sets["homework"].niwae) == ["1", "10", "100", "1000"]
        for numbers in sets.values():
            assert numbers.nelbo == pytest.approx(numbers.kl + numbers.rec, abs=1e-5)
            assert set(numbers.niwae) <= {str(m) for m in data.bounds}
            if numbers.kl_y is None:  # an SSVAE's large sets take fewer
                assert list(numbers.niwae) == [str(m) for m in data.bounds]
            if not numbers.niwae:
                continue
            error = math.hypot(numbers.nelbo_se, numbers.niwae_se["1"])
            if numbers.kl_y is None or numbers.kl_z is None:
                assert abs(numbers.niwae["1"] - numbers.nelbo) < 3 * error
            else:  # the label summed out exactly: tighter than the ELBO already at m = 1
                assert numbers.niwae["1"] < numbers.nelbo + 3 * error
                assert numbers.kl == pytest.approx(numbers.kl_z + numbers.kl_y, abs=1e-5)
            bounds = list(numbers.niwae.values())
            assert bounds == sorted(bounds, reverse=True)


def test_the_shipped_vae_is_a_correctly_trained_one() -> None:
    """The bands in which correctly trained weights of the homework's VAE fall."""
    sets = read_card(PRETRAINED / "vae").sets
    assert 100.3 <= sets["homework"].nelbo <= 102.7
    assert 18.8 <= sets["homework"].kl <= 19.9
    assert 96.4 <= sets["homework"].niwae["1000"] <= 97.8
    assert 98.9 <= sets["test"].nelbo <= 100.4


def test_the_shipped_gmvae_beats_the_vae_within_its_bands() -> None:
    vae, gmvae = (read_card(PRETRAINED / name).sets for name in ("vae", "gmvae"))
    assert 98.0 <= gmvae["homework"].nelbo <= 100.2
    assert 17.2 <= gmvae["homework"].kl <= 18.2
    assert 94.2 <= gmvae["homework"].niwae["1000"] <= 95.9
    assert 96.4 <= gmvae["test"].nelbo <= 98.1
    assert all(gmvae[name].nelbo < vae[name].nelbo - 1.5 for name in ("homework", "test"))


def test_the_shipped_ssvaes_show_what_unlabelled_digits_add() -> None:
    semi, supervised = (read_card(PRETRAINED / name) for name in ("ssvae", "ssvae-supervised"))
    assert (semi.accuracy or 0) >= 0.938
    assert 0.72 <= (supervised.accuracy or 0) <= 0.80
    assert abs(semi.sets["test"].nelbo - 93.6) < 1
    assert semi.sets["test"].kl_y == pytest.approx(math.log(10), abs=0.03)


@pytest.mark.parametrize("name", ["homework", "test"])
def test_with_beta_the_kl_falls_and_the_reconstruction_rises(name: str) -> None:
    sweep = ["beta-0.1", "beta-0.25", "beta-0.5", "vae", "beta-2", "beta-4", "beta-8", "beta-16"]
    numbers = [read_card(PRETRAINED / each).sets[name] for each in sweep]
    assert all(low.kl > high.kl and low.rec < high.rec for low, high in pairwise(numbers))


@pytest.mark.parametrize(("name", "content"), [("fsvae", 0.75), ("fsvae-conv", 0.92)])
def test_the_shipped_fsvaes_keep_digit_and_style_apart(name: str, content: float) -> None:
    found: Any = read_card(PRETRAINED / name).disentanglement
    assert found["content_accuracy"] >= content
    assert found["style_leak_linear"] < found["chance"] + 0.01 < found["style_leak"] - 0.02 < 0.28
    assert found["chance"] == pytest.approx(0.196, abs=0.001)
    assert found["content_ceiling"] == pytest.approx(0.949, abs=0.005)
    assert found["style_kept"] >= 0.85
    assert found.keys() == {field.name for field in fields(Disentanglement)}
    numbers = read_card(PRETRAINED / name).sets["svhn"]
    for term in ("nelbo", "kl", "rec", "squared_error"):
        assert found[term] == pytest.approx(getattr(numbers, term), rel=1e-5)
        assert found[f"{term}_se"] > 0
    assert found["nelbo_se"] > 20 * numbers.nelbo_se  # over the images, in place of over the noise


@pytest.mark.full_data
@pytest.mark.parametrize("name", [name for name in pretrained_names() if family_of(name).images == "binary"])
def test_measuring_again_gives_the_cards_numbers(name: str, full_mnist: Dataset) -> None:
    numbers = read_card(PRETRAINED / name).sets["homework"]
    bounds = (1, 10, 100, 1000) if numbers.kl_y is None else (1, 10)  # an SSVAE's cost ten times as much
    model = load_checkpoint(PRETRAINED / name).model
    report = evaluate(model, full_mnist.evaluation_set("homework"), bounds)
    for quantity in ("nelbo", "kl", "rec", "nelbo_se"):
        assert getattr(report, quantity) == pytest.approx(getattr(numbers, quantity), abs=1e-3)
    for m in bounds:
        assert report.niwae[m] == pytest.approx(numbers.niwae[str(m)], abs=1e-3)
        assert report.niwae_se[m] == pytest.approx(numbers.niwae_se[str(m)], abs=1e-3)


def test_a_card_survives_writing(tmp_path: Path) -> None:
    card = read_card(PRETRAINED / "vae")
    write_card(tmp_path, card)
    assert read_card(tmp_path) == card


@pytest.mark.parametrize("content", [None, "", "{", "[]", '{"name": "vae"}'], ids=str)
def test_a_card_that_cannot_be_read_is_one_sentence(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "card.json").write_text(content)
    with pytest.raises(UserError, match="has no card that can be read: remake it") as caught:
        read_card(tmp_path)
    assert str(caught.value).isprintable()


SOLUTION = "reference solution"


def test_published_numbers_are_the_published_ones() -> None:
    rows = {reference.source: reference for reference in REFERENCES if reference.model == "vae"}
    first, report, key = (rows[name] for name in ("student report, problem 1", "student report, problem 3", SOLUTION))
    assert (first.nelbo, first.kl, first.rec, first.niwae) == (102.23, 18.98, 83.25, {})
    assert (report.nelbo, report.kl, report.rec) == (101.51, 19.45, 82.06)
    assert first.deviations == report.deviations == {}
    assert key.deviations == {"nelbo": 0.61, "kl": 0.19, "rec": 0.66}
    assert report.niwae == {"1": 101.44, "10": 98.55, "100": 97.42, "1000": 96.81}
    assert (key.nelbo, key.kl, key.rec) == (101.21, 19.34, 81.86)
    assert abs(report.nelbo - report.niwae["1"]) < 0.1  # one evaluation of one set of weights
    assert key.niwae == {"1": 101.21, "10": 98.50, "100": 97.46, "1000": 96.93}
