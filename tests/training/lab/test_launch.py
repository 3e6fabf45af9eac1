import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tests.patience import PATIENCE, until
from training.checkpoints.reading import load_checkpoint
from training.lab.launch import Launcher
from training.lab.queue import active_runs, busy, in_order
from training.lab.run_notes import read_notes
from training.runs.config import TrainConfig
from training.runs.control import ask
from training.runs.run_folder import Run
from training.runs.run_writer import RunWriter, queue_run
from training.runs.worker import train_into
from training.system.errors import UserError
from training.system.jobs import Job, Jobs


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Jobs]:
    monkeypatch.setenv("ELBO_LAB_WORKERS", "1")
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
    return Run.named(launcher.train(config)[0])


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
    ended(launcher.handle(launcher.train(endless.model_copy(update={"steps": 1}))[0]))  # loads the data
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


def test_a_second_training_waits_for_its_turn(launcher: Launcher, endless: TrainConfig) -> None:
    first = started(launcher, endless)
    second = started(launcher, endless.model_copy(update={"steps": 1}))
    until(lambda: bool(first.metrics().steps))
    assert (first.status().state, second.status().state) == ("running", "queued")
    with pytest.raises(UserError, match="is training now"):
        launcher.resume(second)
    launcher.stop(first)
    until(lambda: second.status().state == "finished")
    assert first.status().state == "stopped"


def test_as_many_train_at_once_as_there_are_places(
    launcher: Launcher, endless: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ELBO_LAB_WORKERS", "2")
    runs = [Run.named(run_id) for run_id in launcher.train(*[endless] * 3, sweep="seed: 0-2")]
    until(lambda: [run.status().state for run in runs] == ["running", "running", "queued"])
    ask(runs[0].path, "pause")  # a paused one leaves its place
    until(lambda: [run.status().state for run in runs] == ["paused", "running", "running"])
    (group,) = {read_notes(run.path).group for run in runs}
    assert group.startswith("vae-sweep-")
    for run in runs:
        launcher.stop(run)
    until(lambda: all(run.status().state == "stopped" for run in runs))


def test_what_waits_can_leave_the_queue(launcher: Launcher, endless: TrainConfig) -> None:
    first, second = started(launcher, endless), started(launcher, endless)
    launcher.stop(second)
    assert second.status().state == "stopped"
    launcher.stop(first)
    ended(launcher.handle(first.id))
    time.sleep(1)
    assert launcher.handle(second.id) is None


def test_starts_in_the_same_moment_are_runs_of_their_own(
    jobs: Jobs, launcher: Launcher, endless: TrainConfig, runs_folder: Path
) -> None:
    ids: list[str] = []
    pages = [threading.Thread(target=lambda: ids.extend(launcher.train(endless))) for _ in range(4)]
    for page in pages:
        page.start()
    for page in pages:
        page.join()
    assert len(set(ids)) == 4
    until(lambda: len(busy(active_runs(runs_folder))) == 1)
    assert len(in_order(active_runs(runs_folder))) == 3
    for run_id in in_order(active_runs(runs_folder)):
        launcher.stop(Run.named(run_id.id))


def test_the_next_server_starts_what_is_queued(brief: TrainConfig, runs_folder: Path) -> None:
    queue_run(runs_folder / "vae-left", brief)
    other = Jobs()
    Launcher(other)
    until(lambda: Run.named("vae-left").status().state == "finished")
    other.stop_all()


def test_a_training_stopped_before_its_first_step_says_so(launcher: Launcher, endless: TrainConfig) -> None:
    run = started(launcher, endless)
    job = launcher.handle(run.id)
    assert job is not None
    job.stop()
    ended(job)
    assert (run.status().state, run.status().step) == ("stopped", 0)
    state = run.resume_state()
    assert state is not None
    assert state["step"] == 0


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
    assert jobs.active("training") == []


def test_a_run_that_lost_its_state_is_trained_again_from_its_start(launcher: Launcher, brief: TrainConfig) -> None:
    run = started(launcher, brief)
    ended(launcher.handle(run.id))
    before = load_checkpoint(run.path).state
    for name in ("resume.pt", "resume-before.pt", "status.json", "checkpoint.safetensors"):
        (run.path / name).write_bytes(b"")
    launcher.resume(run)
    assert ended(launcher.handle(run.id)).state == "done"
    assert all(torch.equal(value, before[name]) for name, value in load_checkpoint(run.path).state.items())


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
