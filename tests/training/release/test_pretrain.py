import hashlib
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.image_files import read_image
from training.checkpoints.reading import Checkpoint, load_checkpoint
from training.evaluation.bounds import SetReport
from training.evaluation.evaluate import measure
from training.release import pretrain as module
from training.release.cards import Card, read_card
from training.release.pretrain import pretrain
from training.runs.config import TrainConfig
from training.runs.run_folder import Run, Status
from training.runs.run_writer import RunWriter
from training.runs.worker import train_into
from training.system.errors import UserError


@pytest.fixture
def make(tmp_path: Path, brief: TrainConfig, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Card]:
    """The whole of `pretrain`, with a brief recipe in place of the preset's and the sample to measure on."""

    def on_the_sample(checkpoint: Checkpoint, sets: tuple[str, ...], **options: Any) -> dict[str, SetReport]:
        return dict.fromkeys(sets, measure(checkpoint, ["homework"], (1, 2), **options)["homework"])

    def brief_recipe(preset: str, *, data: str, seed: int, steps: int | None) -> TrainConfig:
        assert (preset, data) == ("vae", "mnist")
        return brief.model_copy(update={"seed": seed, "steps": steps or brief.steps})

    monkeypatch.setattr(module, "measure", on_the_sample)
    monkeypatch.setattr(module.TrainConfig, "from_preset", brief_recipe)
    monkeypatch.setattr("training.release.first_pictures.MOVING_FRAMES", 3)
    return partial(pretrain, "vae", tmp_path / "shipped" / "vae", tmp_path / "work", seed=3)


def test_a_shipped_folder_is_complete_and_its_card_true(make: Callable[..., Card], tmp_path: Path) -> None:
    card, folder = make(), tmp_path / "shipped" / "vae"
    assert read_card(folder) == card
    assert card.sha256 == hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    model = load_checkpoint(folder).family.fresh(load_checkpoint(folder).config, seed=0)
    assert card.parameters == sum(value.numel() for value in model.parameters())
    assert (card.name, card.family, card.steps, card.seed) == ("vae", "vae", 60, 3)
    assert card.training == json.loads((tmp_path / "work" / "config.json").read_text())
    assert (folder / "metrics.jsonl").read_bytes() == (tmp_path / "work" / "metrics.jsonl").read_bytes()
    assert read_image(folder / "samples.png").size == (560, 280)
    assert read_image(folder / "samples.webp").size == (560, 280)
    assert {name: (numbers.images, list(numbers.niwae)) for name, numbers in card.sets.items()} == {
        "homework": (100, ["1", "2"]),
        "test": (100, ["1", "2"]),
    }


def test_a_finished_training_is_not_done_again(make: Callable[..., Card], tmp_path: Path) -> None:
    first = make()
    stamp = (tmp_path / "work" / "checkpoint.safetensors").stat().st_mtime_ns
    again = make()
    assert (tmp_path / "work" / "checkpoint.safetensors").stat().st_mtime_ns == stamp
    assert again.sha256 == first.sha256
    assert again.sets == first.sets


def test_a_training_that_broke_off_goes_on_and_is_never_shipped_half_done(
    make: Callable[..., Card], tmp_path: Path, brief: TrainConfig
) -> None:
    asked = iter(range(23))
    config = brief.model_copy(update={"seed": 3})
    train_into(RunWriter(tmp_path / "work", config), should_stop=lambda: next(asked, None) is None)
    assert make().steps == load_checkpoint(tmp_path / "shipped" / "vae").step == 60
    assert Run(tmp_path / "work").status().state == "finished"


def test_fewer_steps_are_on_the_card(make: Callable[..., Card], tmp_path: Path, brief: TrainConfig) -> None:
    asked = iter(range(23))
    config = brief.model_copy(update={"seed": 3})
    reached = train_into(RunWriter(tmp_path / "work", config), should_stop=lambda: next(asked, None) is None).step
    card = make(steps=reached)
    assert card.steps == card.training["steps"] == reached < 60


def test_a_training_that_is_stopped_ships_nothing_and_can_be_resumed(make: Callable[..., Card], tmp_path: Path) -> None:
    def stop_at_once(writer: RunWriter, **options: Any) -> Status:
        return train_into(writer, **options | {"should_stop": lambda: True})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "train_into", stop_at_once)
        with pytest.raises(UserError, match="vae was stopped at step 0 of 60: call again to resume"):
            make()
    assert not (tmp_path / "shipped").exists()
    assert make().steps == 60


def test_without_the_full_data_nothing_is_shipped(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="python -m training download"):
        pretrain("vae", tmp_path / "shipped", tmp_path / "work", seed=0)
    assert not any(tmp_path.iterdir())
