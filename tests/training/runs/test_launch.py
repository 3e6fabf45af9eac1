import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tests.patience import PATIENCE, until
from training.checkpoints.reading import load_checkpoint
from training.runs.config import TrainConfig
from training.runs.launch import Launcher
from training.runs.run_folder import Run
from training.runs.run_writer import RunWriter
from training.runs.worker import train_into
from training.system.errors import UserError
from training.system.jobs import Job, Jobs


@pytest.fixture
def jobs() -> Iterator[Jobs]:
    registry = Jobs()
    yield registry
    registry.stop_all()


@pytest.fixture
def launcher(jobs: Jobs) -> Launcher:
    return Launcher(jobs)


@pytest.fixture
def endless(brief: TrainConfig) -> TrainConfig:
    return brief.model_copy(update={"steps": 1_000_000})


def started(launcher: Launcher, config: TrainConfig) -> Run:
    return Run.named(launcher.train(config))


def ended(job: Job | None) -> Job:
    assert job is not None
    assert job.wait(PATIENCE)
    return job


def test_a_training_fills_its_run_folder(launcher: Launcher, brief: TrainConfig, runs_folder: Path) -> None:
    run = started(launcher, brief)
    assert run.path.parent == runs_folder
    assert ended(launcher.handle(run.id)).state == "done"
    assert (run.status().state, run.status().step) == ("finished", 60)
    assert load_checkpoint(run.path).step == 60


def test_a_training_stops_where_it_is_and_keeps_its_weights(launcher: Launcher, endless: TrainConfig) -> None:
    run = started(launcher, endless)
    until(lambda: bool(run.metrics().steps))
    job = launcher.handle(run.id)
    assert job is not None
    job.stop()
    ended(job)
    assert run.status().state == "stopped"
    assert load_checkpoint(run.path).step == run.status().step > 0


@pytest.mark.usefixtures("quiet_machine")
def test_starting_and_stopping_take_a_moment(launcher: Launcher, endless: TrainConfig) -> None:
    ended(launcher.handle(launcher.train(endless.model_copy(update={"steps": 1}))))  # loads the data
    begun = time.monotonic()
    run = started(launcher, endless)
    start_seconds = time.monotonic() - begun
    until(lambda: bool(run.metrics().steps))
    begun = time.monotonic()
    job = launcher.handle(run.id)
    assert job is not None
    job.stop()
    ended(job)
    assert max(start_seconds, time.monotonic() - begun) < 3


def test_one_training_at_a_time(launcher: Launcher, endless: TrainConfig) -> None:
    run = started(launcher, endless)
    for again in (lambda: launcher.train(endless), lambda: launcher.resume(run)):
        with pytest.raises(UserError, match="one at a time"):
            again()
    ended_job = launcher.handle(run.id)
    assert ended_job is not None
    ended_job.stop()
    ended(ended_job)
    assert ended(launcher.handle(launcher.train(endless.model_copy(update={"steps": 1})))).state == "done"


def test_two_starts_in_the_same_moment_give_one_run(launcher: Launcher, endless: TrainConfig) -> None:
    outcomes: list[object] = []

    def start() -> None:
        try:
            outcomes.append(launcher.train(endless))
        except UserError as error:
            outcomes.append(error)

    pages = [threading.Thread(target=start) for _ in range(4)]
    for page in pages:
        page.start()
    for page in pages:
        page.join()
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["UserError", "UserError", "UserError", "str"]


def test_a_training_stopped_before_its_first_step_says_so(launcher: Launcher, endless: TrainConfig) -> None:
    run = started(launcher, endless)
    job = launcher.handle(run.id)
    assert job is not None
    job.stop()
    ended(job)
    assert (run.status().state, run.status().step) == ("stopped", 0)
    assert run.resume_state()["step"] == 0


def test_a_stopped_training_goes_on_to_the_same_weights(launcher: Launcher, brief: TrainConfig, tmp_path: Path) -> None:
    asked = iter(range(23))
    train_into(RunWriter(tmp_path / "runs" / "vae-7", brief), should_stop=lambda: next(asked, None) is None)
    run = Run.named("vae-7")
    launcher.resume(run)
    assert ended(launcher.handle("vae-7")).state == "done"
    assert (run.status().state, run.status().step) == ("finished", 60)
    train_into(RunWriter(tmp_path / "whole", brief))
    whole = load_checkpoint(tmp_path / "whole").state
    assert all(torch.equal(value, whole[name]) for name, value in load_checkpoint(run.path).state.items())


def test_what_cannot_be_resumed_is_refused(jobs: Jobs, launcher: Launcher, brief: TrainConfig) -> None:
    run = started(launcher, brief)
    ended(launcher.handle(run.id))
    with pytest.raises(UserError, match="has done all its steps"):
        launcher.resume(run)
    run.path.joinpath("resume.pt").unlink()
    run.path.joinpath("status.json").unlink()
    with pytest.raises(UserError, match="kept no state"):
        launcher.resume(run)
    assert jobs.active("training") == []


def test_a_training_that_fails_says_why_in_both_places(launcher: Launcher, brief: TrainConfig) -> None:
    run = started(launcher, brief.model_copy(update={"data": "mnist"}))
    job = ended(launcher.handle(run.id))
    assert (job.state, run.status().state) == ("failed", "failed")
    assert job.error == run.status().message
    assert "python -m training download" in job.error


def test_a_runs_folder_that_cannot_be_written_starts_nothing(
    jobs: Jobs, launcher: Launcher, brief: TrainConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("ELBO_LAB_RUNS", str(tmp_path / "file"))
    with pytest.raises(UserError, match="cannot be written"):
        launcher.train(brief)
    assert jobs.active("training") == []
