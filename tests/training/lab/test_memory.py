from pathlib import Path

import pytest

from models.registry import PRESETS
from training.lab import memory
from training.lab.launch import Launcher
from training.lab.memory import check_memory, machine_megabytes, needed_megabytes, weights_of
from training.runs.config import TrainConfig
from training.system.errors import UserError
from training.system.jobs import Jobs

LARGE = {"batch_size": 10_000, "model": {"k": 65_536}}


@pytest.mark.parametrize("preset", PRESETS)
def test_no_recipe_takes_a_gigabyte(preset: str) -> None:
    assert memory.PROCESS < needed_megabytes(TrainConfig.from_preset(preset)) < 1000


def test_what_grows_is_seen(brief: TrainConfig) -> None:
    small = needed_megabytes(brief)
    assert needed_megabytes(brief.model_copy(update={"batch_size": 5000})) > small + 40
    assert needed_megabytes(TrainConfig.from_preset("ssvae", batch_size=3000)) > small + 300
    assert needed_megabytes(TrainConfig.from_preset("gmvae", **LARGE)) > 8_000


def test_a_training_that_no_machine_holds_is_refused_before_it_leaves_a_trace(
    runs_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "machine_megabytes", lambda: 4000.0)
    with pytest.raises(UserError, match="choose a smaller batch or a smaller model"):
        Launcher(Jobs()).train(TrainConfig.from_preset("gmvae", data="mnist-sample", **LARGE))
    assert not list(runs_folder.glob("*/config.json"))
    check_memory(TrainConfig.from_preset("gmvae", data="mnist-sample"))


def test_nobody_looks_closer_at_what_is_small(monkeypatch: pytest.MonkeyPatch, brief: TrainConfig) -> None:
    def never(config: TrainConfig) -> float:
        raise AssertionError

    monkeypatch.setattr(memory, "machine_megabytes", lambda: 4000.0)
    monkeypatch.setattr(memory, "needed_megabytes", never)
    check_memory(brief)
    monkeypatch.setattr(memory, "machine_megabytes", lambda: None)
    check_memory(TrainConfig.from_preset("gmvae", **LARGE))


def test_the_machine_says_how_much_it_has() -> None:
    there = machine_megabytes()
    assert there is None or there > 500


def test_weights_are_counted(brief: TrainConfig) -> None:
    assert (
        weights_of(brief) == 784 * 11 + 11 + 11 * 13 + 13 + 13 * 10 + 10 + 5 * 11 + 11 + 11 * 13 + 13 + 13 * 784 + 784
    )
