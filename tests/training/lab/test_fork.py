from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tests.patience import until
from training.checkpoints.reading import load_checkpoint
from training.lab.fork import fork_steps, weights_at
from training.lab.launch import Launcher
from training.lab.run_notes import read_notes
from training.runs.config import TrainConfig
from training.runs.run_folder import ANCESTRY, Run, read_metrics
from training.runs.run_writer import RunWriter
from training.runs.worker import train_into
from training.system.errors import UserError
from training.system.jobs import Jobs


@pytest.fixture
def launcher(runs_folder: Path) -> Iterator[Launcher]:
    jobs = Jobs()
    yield Launcher(jobs)
    jobs.stop_all()


@pytest.fixture
def parent(runs_folder: Path, brief: TrainConfig) -> Run:
    train_into(RunWriter(runs_folder / "parent", brief))
    return Run(runs_folder / "parent")


def test_a_fork_starts_where_its_parent_was_and_shows_what_was_before(launcher: Launcher, parent: Run) -> None:
    assert fork_steps(parent) == [60]
    run = Run.named(launcher.fork(parent, 60, {"learning_rate": 1e-9, "steps": 1, "seed": 5}))
    until(lambda: run.status().state == "finished")
    assert (run.config.learning_rate, run.config.seed, run.config.model) == (1e-9, 5, parent.config.model)
    before = load_checkpoint(parent.path).state
    for name, value in load_checkpoint(run.path).state.items():
        torch.testing.assert_close(value, before[name], atol=1e-6, rtol=0)
    notes = read_notes(run.path).parent
    assert notes is not None
    assert (notes.run, notes.step) == ("parent", 60)
    assert read_metrics(run.path / ANCESTRY, "held-out").steps == [-60, 0]
    first = run.metrics("held-out").terms["nelbo"][0]
    assert first == pytest.approx(parent.metrics("held-out").terms["nelbo"][-1], rel=0.05)  # of other noise


def test_a_fork_of_a_fork_knows_both(launcher: Launcher, parent: Run) -> None:
    child = Run.named(launcher.fork(parent, 60, {"steps": 7}))
    until(lambda: child.status().state == "finished")
    grandchild = Run.named(launcher.fork(child, 7, {"steps": 3}))
    until(lambda: grandchild.status().state == "finished")
    assert read_metrics(grandchild.path / ANCESTRY, "held-out").steps == [-67, -7, -7, 0]


def test_what_cannot_be_forked_is_one_sentence(launcher: Launcher, parent: Run, runs_folder: Path) -> None:
    with pytest.raises(UserError, match="kept weights at 60"):
        weights_at(parent, 30)
    with pytest.raises(UserError, match="keeps the sizes"):
        launcher.fork(parent, 60, {"model": {"z": 7}})
    with pytest.raises(UserError, match="learning rate"):
        launcher.fork(parent, 60, {"learning_rate": 7})
    parent.checkpoint_file.write_bytes(b"damaged")
    with pytest.raises(UserError):
        launcher.fork(parent, 60, {})
    assert [path.name for path in runs_folder.iterdir()] == ["parent"]
