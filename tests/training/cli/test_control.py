from collections.abc import Callable
from pathlib import Path

import pytest

from tests.training.cli.test_app import Command, command, refused  # noqa: F401 -- fixtures
from training.lab.run_index import readable_runs
from training.runs.config import TrainConfig
from training.runs.control import Command as Asked
from training.runs.control import commands_from
from training.runs.run_writer import RunWriter


@pytest.fixture
def under_way(runs_folder: Path, brief: TrainConfig) -> RunWriter:
    writer = RunWriter(runs_folder / "vae-7", brief)
    writer.update(state="running")
    return writer


def test_a_run_is_told_by_its_id_or_its_folder(command: Command, under_way: RunWriter) -> None:  # noqa: F811
    for words in (["pause", "vae-7"], ["step", under_way.path], ["pace", "vae-7", 5], ["stop", "vae-7"]):
        assert command(*words).code == 0
    assert command("set", "vae-7", "beta=4", "learning_rate=1e-4", "warmup=70").code == 0
    asked, _ = commands_from(under_way.path, 0)
    assert asked == [
        *(Asked(do="pause"), Asked(do="step"), Asked(do="pace", value=5), Asked(do="stop")),
        *(Asked(do="kl_weight", value=4), Asked(do="learning_rate", value=1e-4), Asked(do="warmup", value=70)),
    ]


def test_resume_lets_a_paused_run_continue(command: Command, under_way: RunWriter) -> None:  # noqa: F811
    under_way.update(state="paused")
    assert command("resume", "vae-7").code == 0
    assert commands_from(under_way.path, 0)[0] == [Asked(do="go")]


def test_what_cannot_be_told_is_one_sentence(refused: Callable[..., str], under_way: RunWriter) -> None:  # noqa: F811
    assert "no training run" in refused("pause", "nobody")
    assert "can be changed, and 'z' cannot" in refused("set", "vae-7", "z=3")
    assert "should be a number" in refused("set", "vae-7", "beta=many")
    assert "should be from" in refused("set", "vae-7", "learning_rate=2")
    assert commands_from(under_way.path, 0)[0] == []
    under_way.update(state="stopped")
    assert "is not training" in refused("pause", "vae-7")


def test_a_sweep_trains_every_combination(command: Command, runs_folder: Path, no_mnist: Path) -> None:  # noqa: F811
    code, _, err = command("train", "vae", "--steps", 2, "--set", "hidden=5,7", "--sweep", "seed: 3-4")
    assert code == 0
    assert "Done: 2 runs" in err
    runs = list(readable_runs())
    assert sorted(run.config.seed for run in runs) == [3, 4]
    assert all(run.status().state == "finished" for run in runs)


def test_a_sweep_has_no_folder_of_its_own(refused: Callable[..., str], tmp_path: Path, no_mnist: Path) -> None:  # noqa: F811
    assert "leave --out out" in refused("train", "vae", "--sweep", "seed: 0-1", "--out", tmp_path / "runs")
