"""Where a run is trained: in a process of this machine. Nothing else knows it.

In a thread of the server it would share one interpreter lock with every page: each would slow the other down, the
more so the more pages are open. The run folder is all that the two need to share.
"""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from subprocess import DEVNULL, Popen
from uuid import uuid4

from training.runs.config import TrainConfig
from training.runs.run_folder import STOP, Run, Status, read_status
from training.runs.run_index import active_run, new_run_id
from training.runs.run_writer import RunWriter, mark_failed
from training.system.device import prepare_thread
from training.system.errors import UserError
from training.system.folders import PROJECT, runs_folder
from training.system.jobs import Job, Jobs

__all__ = ["Launcher"]

LOOK_SECONDS = 0.05


class Launcher:
    """Starts the trainings of one server, one at a time.

    Arguments:
        jobs: the server's background work; a job of its "training" lane watches each process.
    """

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._starting = threading.Lock()
        self._handles: dict[str, Job] = {}

    def train(self, config: TrainConfig) -> str:
        """Start a new run in the background; its id.

        Raises:
            UserError: a training runs already, or the runs folder cannot be written.
        """
        prepare_thread()
        with self._turn_to_train():
            folder = runs_folder()
            writer = RunWriter(folder / new_run_id(config.preset, folder), config)
            self.start(writer.path)
        return writer.path.name

    def resume(self, run: Run) -> None:
        """Resume a run from its last kept state.

        Raises:
            UserError: a training runs already, this run is finished, or it kept no state.
        """
        prepare_thread()
        with self._turn_to_train():
            run.require_resumable()
            RunWriter(run.path, run.config, resume=True)  # queued
            self.start(run.path)

    def start(self, folder: Path) -> Job:
        """Train the queued run in this folder; the job says whether it is under way, and stops it."""
        with (folder / "worker.log").open("wb") as log_file:
            command = [sys.executable, "-m", "training", "work", str(folder)]
            process = Popen(command, cwd=PROJECT, stdin=DEVNULL, stdout=DEVNULL, stderr=log_file)
        key = f"train:{folder.name}:{uuid4().hex}"  # a process that fell silent may still be there under the old one
        job = self._jobs.submit(key, f"Training {folder.name}", partial(_supervise, folder, process), lane="training")
        self._handles[folder.name] = job
        return job

    def handle(self, run_id: str) -> Job | None:
        """The job that `start` gave for a run, if this server started it."""
        return self._handles.get(run_id)

    @contextmanager
    def _turn_to_train(self) -> Iterator[None]:
        with self._starting:
            if active_run() is not None:
                raise UserError("A training is under way here, one at a time: watch it, or stop it first.")
            yield


def _supervise(folder: Path, process: Popen[bytes], job: Job) -> Status | None:
    """Wait for the end of a run's process, and pass a stop request on to it.

    Raises:
        UserError: the training failed; the run's status says the same.
    """
    while process.poll() is None:
        if job.should_stop():
            (folder / STOP).touch()
        time.sleep(LOOK_SECONDS)
    status = read_status(folder)
    if status is not None and status.active:  # it never came to write an end
        text = f"The training process ended unexpectedly (code {process.returncode}): resume it, or start anew."
        mark_failed(folder, text)
        status = read_status(folder)
    if status is not None and status.state == "failed":
        raise UserError(status.message)
    return status
