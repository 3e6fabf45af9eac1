"""What ends a training from outside, and what is left of it: killed processes, full disks, damaged files, odd clocks.

$ELBO_LAB_KILLS is how often the processes of one run are killed here.
"""

import errno
import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.patience import PATIENCE, until
from training.checkpoints.reading import load_checkpoint
from training.lab.launch import Launcher
from training.lab.run_index import run_ids
from training.runs import run_writer
from training.runs.config import TrainConfig
from training.runs.control import ask
from training.runs.events import Event, Saved
from training.runs.run_folder import Run, Status, read_changes, read_status
from training.runs.run_writer import RunWriter, queue_again, queue_run
from training.runs.worker import train_into
from training.system.folders import PROJECT
from training.system.jobs import Jobs

KILLS = int(os.environ.get("ELBO_LAB_KILLS", "2"))
SERVER = """
import time
from training.lab.launch import Launcher
from training.system.jobs import Jobs
launcher = Launcher(Jobs())
time.sleep(600)
"""


@pytest.fixture
def long(brief: TrainConfig) -> TrainConfig:
    return brief.model_copy(update={"steps": 2500})


@contextmanager
def worker(run: Run) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-m", "training", "work", str(run.path)], cwd=PROJECT)
    try:
        yield process
    finally:
        process.kill()
        process.wait(PATIENCE)


def log_of(run: Run) -> list[dict[str, Any]]:
    """Its measurements without their times."""
    rows = map(json.loads, (run.path / "metrics.jsonl").read_text().splitlines())
    return [{name: value for name, value in row.items() if name != "seconds"} for row in rows]


def assert_equal(run: Run, other: Run) -> None:
    """The same weights to the last bit, the same measurements, the same pictures."""
    assert run.status().state == other.status().state == "finished"
    weights = load_checkpoint(other.path).state
    assert all(torch.equal(value, weights[name]) for name, value in load_checkpoint(run.path).state.items())
    assert log_of(run) == log_of(other)
    assert run.picture_steps() == other.picture_steps()
    assert run.kept_steps() == other.kept_steps()


def test_a_run_whose_process_is_killed_again_and_again_ends_as_if_it_never_was(
    runs_folder: Path, long: TrainConfig
) -> None:
    queue_run(runs_folder / "killed", long)
    run, moment = Run(runs_folder / "killed"), random.Random(3)
    for _ in range(KILLS):
        with worker(run) as process:
            until(lambda: run.status().state == "running" or process.poll() is not None)
            time.sleep(moment.uniform(0, 1.5))
        status = run.status()
        assert status.state in ("interrupted", "finished")
        assert run_ids() == ["killed"]
        if status.state == "finished":
            break
        state = run.resume_state()
        assert state is None or state["step"] >= 0
        queue_again(run)
    with worker(run) as process:
        assert process.wait(PATIENCE) == 0
    train_into(RunWriter(runs_folder / "whole", long))
    assert_equal(run, Run(runs_folder / "whole"))


def test_a_run_that_was_changed_paused_and_killed_equals_one_that_was_changed_alone(
    runs_folder: Path, long: TrainConfig
) -> None:
    queue_run(runs_folder / "paused", long)
    run = Run(runs_folder / "paused")
    with worker(run):
        until(lambda: run.status().step > 0)
        ask(run.path, "kl_weight", 3.0)
        ask(run.path, "warmup", 70.0)
        heard = ask(run.path, "pause")
        until(lambda: run.status().heard == heard and run.status().state == "paused")
        time.sleep(0.3)  # its state is kept
        paused = run.status().step
    state = run.resume_state()
    assert state is not None
    assert state["step"] == paused
    queue_again(run)
    with worker(run) as process:
        assert process.wait(PATIENCE) == 0
    other = RunWriter(runs_folder / "other", long)
    (other.path / "changes.jsonl").write_bytes((run.path / "changes.jsonl").read_bytes())
    other.close()
    train_into(RunWriter(other.path, long, resume=True))
    assert read_changes(run.path) == read_changes(other.path)
    assert [row["setting"] for row in read_changes(run.path)] == ["kl_weight", "warmup"]
    assert_equal(run, Run(other.path))


def test_a_killed_server_leaves_its_training_and_its_queue_to_the_next(runs_folder: Path, long: TrainConfig) -> None:
    for name in ("a", "b"):
        queue_run(runs_folder / name, long)
    first, second = Run(runs_folder / "a"), Run(runs_folder / "b")
    environment = os.environ | {"ELBO_LAB_WORKERS": "1"}
    server = subprocess.Popen([sys.executable, "-c", SERVER], cwd=PROJECT, env=environment)
    until(lambda: first.status().state == "running")
    server.kill()
    server.wait(PATIENCE)
    assert (first.status().state, second.status().state) == ("running", "queued")
    again = subprocess.Popen([sys.executable, "-c", SERVER], cwd=PROJECT, env=environment)
    try:
        until(lambda: second.status().state == "finished")
        assert first.status().state == "finished"
        assert [row["step"] for row in log_of(first) if row["split"] == "train"] == list(range(50, 2501, 50))
    finally:
        again.kill()
        again.wait(PATIENCE)


def test_two_servers_on_one_folder_train_each_run_once(
    runs_folder: Path, brief: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ELBO_LAB_WORKERS", "2")
    servers = [Jobs(), Jobs()]
    one, other = (Launcher(jobs) for jobs in servers)
    ids = [*one.train(brief), *other.train(brief, brief)]
    until(lambda: all(Run.named(run_id).status().state == "finished" for run_id in ids))
    for jobs in servers:
        jobs.stop_all()
    for run_id in ids:
        assert [row["step"] for row in log_of(Run.named(run_id)) if row["split"] == "train"] == [50, 60]


@pytest.mark.parametrize(
    "name", ["status.json", "metrics.jsonl", "latent.jsonl", "resume.pt", "checkpoint.safetensors"]
)
@pytest.mark.parametrize("left", [0.0, 0.5])
def test_a_file_that_a_power_cut_emptied_or_halved_costs_nothing(
    tmp_path: Path, brief: TrainConfig, name: str, left: float
) -> None:
    asked = iter(range(55))
    train_into(RunWriter(tmp_path / "cut", brief), should_stop=lambda: next(asked, None) is None)
    file = tmp_path / "cut" / name
    content = file.read_bytes()
    file.write_bytes(content[: int(left * len(content))])
    run = Run(tmp_path / "cut")
    assert run.status().state in ("stopped", "interrupted")
    train_into(RunWriter(run.path, brief, resume=True))
    train_into(RunWriter(tmp_path / "whole", brief))
    assert run.status().state == "finished"
    weights = load_checkpoint(tmp_path / "whole").state
    assert all(torch.equal(value, weights[each]) for each, value in load_checkpoint(run.path).state.items())


def test_a_full_disk_is_said_and_the_run_resumes(
    tmp_path: Path, brief: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = run_writer.append_row

    def full(file: Path, row: dict[str, Any]) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(file))

    def fill(event: Event) -> None:
        if isinstance(event, Saved):
            monkeypatch.setattr(run_writer, "append_row", full)

    status = train_into(RunWriter(tmp_path / "run", brief), on_event=fill)
    assert status == read_status(tmp_path / "run")
    assert status.state == "failed"
    assert status.message == "The disk is full: free some space, then resume the run; its last checkpoint is kept."
    monkeypatch.setattr(run_writer, "append_row", room)
    assert train_into(RunWriter(tmp_path / "run", brief, resume=True)).state == "finished"


@pytest.mark.parametrize("pace", [0.0, 20.0])
def test_a_folder_that_is_deleted_under_a_running_training_ends_it_and_stays_deleted(
    runs_folder: Path, long: TrainConfig, pace: float, capfd: pytest.CaptureFixture[str]
) -> None:
    queue_run(runs_folder / "gone", long)
    run = Run(runs_folder / "gone")
    with worker(run) as process:
        until(lambda: run.status().step > 0)
        if pace:
            heard = ask(run.path, "pace", pace)
            until(lambda: run.status().heard == heard)
        shutil.rmtree(run.path.rename(runs_folder.parent / "away"), ignore_errors=True)  # at one moment
        process.wait(PATIENCE)
    assert not run.path.exists()
    assert run_ids() == []
    assert "Traceback" not in "".join(capfd.readouterr())


def test_a_folder_that_becomes_read_only_is_said_and_the_run_resumes(
    tmp_path: Path, brief: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(file: Path, *_: Any, **__: Any) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(file))

    def lock(event: Event) -> None:
        if isinstance(event, Saved):
            for name in ("append_row", "replace_file", "replacing"):
                monkeypatch.setattr(run_writer, name, refused)

    status = train_into(RunWriter(tmp_path / "run", brief), on_event=lock)
    assert status.state == "failed"
    assert status.message.startswith("A file could not be read or written ([Errno 30] Read-only file system")
    assert "put that right, then resume the run" in status.message
    monkeypatch.undo()
    run = Run(tmp_path / "run")
    assert run.status().state == "interrupted"
    assert train_into(RunWriter(run.path, brief, resume=True)).state == "finished"
    train_into(RunWriter(tmp_path / "whole", brief))
    assert_equal(run, Run(tmp_path / "whole"))


@pytest.mark.parametrize("state", ["running", "paused"])
@pytest.mark.parametrize("updated", ["Infinity", "NaN", "-Infinity", "1e300", "4e9", "0", '"now"'])
def test_no_clock_keeps_a_run_alive(tmp_path: Path, brief: TrainConfig, state: str, updated: str) -> None:
    queue_run(tmp_path / "run", brief)
    for host in ("another machine", ""):
        row = Status(state=state, steps=60, host=host).model_dump_json()
        (tmp_path / "run" / "status.json").write_text(row.replace('"updated":0.0', f'"updated":{updated}'))
        assert not Run(tmp_path / "run").status().active
        Run(tmp_path / "run").require_resumable()
