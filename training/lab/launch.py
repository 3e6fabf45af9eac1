"""Starts trainings, or queues them, and watches them.

The run folder is all that a training and a server need to share: the next server, or another one on the same runs
folder, sees it there and starts the next in the queue.
"""

import os
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from subprocess import DEVNULL, Popen
from typing import Any
from uuid import uuid4

from training.cluster.connection import cluster
from training.lab.fork import forked_config, make_fork, weights_at
from training.lab.memory import check_memory, weights_of
from training.lab.places import Handle, Process, train_there
from training.lab.queue import active_runs, busy, in_order, next_ones, note_served, workers
from training.lab.run_notes import change_notes
from training.people.admission import admit_trainings, is_free
from training.people.places import root_of
from training.people.rights import find_run, own_place, require
from training.people.viewer import viewer
from training.runs.config import TrainConfig
from training.runs.control import ask
from training.runs.run_folder import Run, Status, new_run_id, read_status
from training.runs.run_writer import mark_ended, queue_again, queue_run
from training.system.errors import UserError
from training.system.folders import PROJECT, runs_folder
from training.system.jobs import Job, Jobs
from training.system.locks import is_held

__all__ = ["Launcher"]

LOOK_SECONDS = 0.05
QUEUE_SECONDS = 0.5  # between two looks at the queue while somebody waits in it


class Launcher:
    """Starts the trainings of one server, so many at a time; the others wait in the runs folder.

    Arguments:
        jobs: the server's background work; jobs of its "training" lane watch the processes and the queue.
    """

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._lock = threading.RLock()
        self._handles: dict[Path, Job] = {}
        self._served = set[Path]()  # the folders whose queue a job of ours watches
        with suppress(UserError):  # a cluster that does not answer is for who starts a training to hear of
            self.serve(runs_folder())

    def train(self, *configs: TrainConfig, sweep: str = "") -> list[str]:
        """Start new runs of whoever asks in the background, or queue them, in this order; their ids.

        Arguments:
            sweep: what varies among them; then they are one group.

        Raises:
            UserError: the runs folder cannot be written, a limit is met, or the machine has too little memory.
        """
        folder, ids = own_place(), list[str]()
        with self._lock:
            _admit(configs)
            group = new_run_id(f"{configs[0].preset}-sweep", folder) if sweep else ""
            for config in configs:
                path = folder / new_run_id(config.preset, folder)
                queue_run(path, config)
                if group:
                    change_notes(path, group=group, note=f"Sweep of {sweep}")
                ids.append(path.name)
        self.serve(folder)
        return ids

    def fork(self, run: Run, step: int, changes: Mapping[str, Any]) -> str:
        """Start, or queue, a new run from weights that a run kept, with other settings; its id.

        Arguments:
            changes: see `training.lab.fork.forked_config`.

        Raises:
            UserError: it kept no weights there, they do not fit, the runs folder cannot be written, or others may not
                train from it.
        """
        require("fork", run.path)
        with self._lock:
            _admit([forked_config(run, weights_at(run, step), changes)])
            path = make_fork(run, step, changes)
        self.serve(path.parent)
        return path.name

    def resume(self, run: Run) -> None:
        """Resume a run from its last kept state, or queue it.

        Raises:
            UserError: it is finished, or under way, or its folder cannot be written, or it is not theirs to change.
        """
        require("change", run.path)
        with self._lock:
            _admit([run.config])
            queue_again(run)
        self.serve(run.path.parent)

    def stop(self, run: Run) -> None:
        """Ask whoever trains this run, here or elsewhere, to end after its current step; it need not have begun.

        Raises:
            UserError: its folder is gone or cannot be written, or it is not theirs to change.
        """
        ask(run.path, "stop")
        status = read_status(run.path)
        if status is not None and status.state == "queued":
            with suppress(OSError):
                mark_ended(run.path, "stopped")

    def handle(self, run_id: str) -> Job | None:
        """The job that watches a run's process, if this server started it and whoever asks may see the run."""
        path = find_run(run_id)
        return None if path is None else self._handles.get(path)

    def serve(self, folder: Path) -> bool:
        """Start what there is a place for, and go on in the background while others wait; whether some do.

        Arguments:
            folder: the runs folder, or somebody's place in it: the queue is everybody's.
        """
        folder = root_of(folder)
        with self._lock:
            active = active_runs(folder)
            queue = in_order(active)
            starting = [run for run in queue if self._watches(run.path) or is_held(run.path)]
            waiting = [run for run in queue if run not in starting]
            others = cluster() if waiting else None
            free = max(0, workers() - len(busy(active)) - len(starting))
            chosen = next_ones(waiting, [*busy(active), *starting], free)
            for run in chosen:
                path = run.path
                note_served(path)
                if others is not None:
                    handle: Handle = others.start(train_there, path.resolve())
                else:
                    with (path / "worker.log").open("wb") as log:
                        command = [sys.executable, "-m", "training", "work", str(path)]
                        alone = os.environ | {"OMP_NUM_THREADS": os.environ.get("ELBO_LAB_THREADS", "1")}
                        handle = Process(
                            Popen(command, cwd=PROJECT, env=alone, stdin=DEVNULL, stdout=DEVNULL, stderr=log)
                        )
                supervise = partial(_supervise, path, handle)
                key = f"train:{run.id}:{uuid4().hex}"  # it may be trained again after this
                self._handles[path] = self._jobs.submit(key, f"Training {run.id}", supervise, lane="training")
            waits = len(waiting) > len(chosen)
            if waits and folder not in self._served:
                self._served.add(folder)
                go_on, key = partial(self._go_on, folder), f"queue:{uuid4().hex}"
                self._jobs.submit(key, "Starting queued trainings", go_on, lane="training")
            return waits

    def _go_on(self, folder: Path, job: Job) -> None:
        waits = True
        while waits:
            time.sleep(QUEUE_SECONDS)
            with self._lock:
                waits = not job.should_stop() and self.serve(folder)
                if not waits:
                    self._served.discard(folder)

    def _watches(self, path: Path) -> bool:
        job = self._handles.get(path)
        return job is not None and job.active


def _admit(configs: Sequence[TrainConfig]) -> None:
    """Make sure that whoever asks may start these trainings.

    Raises:
        UserError: a limit is met, or the machine has too little memory.
    """
    somebody = viewer()
    if cluster() is None:
        for config in {config.model_dump_json(exclude={"seed", "steps"}): config for config in configs}.values():
            check_memory(config)
    if not is_free(somebody):
        active = [run.owner for run in active_runs(runs_folder())]
        admit_trainings(somebody, active, [weights_of(config) * config.steps for config in configs])


def _supervise(path: Path, handle: Handle, job: Job) -> Status | None:
    """Wait for the end of a run's training, and pass a stop request on to it.

    Raises:
        UserError: the training failed; the run's status says the same.
    """
    asked = False
    while handle.running():
        if job.should_stop() and not asked:
            asked = True
            with suppress(UserError):  # its folder is gone: it ends by itself
                ask(path, "stop")
        time.sleep(LOOK_SECONDS)
    status = read_status(path)
    if status is not None and (status.active or status.state == "interrupted") and not is_held(path):
        text = f"The training ended unexpectedly ({handle.why_it_ended()}): resume it; nothing else is lost."
        with suppress(OSError, UserError):
            mark_ended(path, "failed", text)
        status = read_status(path)
    if status is not None and status.state == "failed":
        raise UserError(status.message)
    return status
