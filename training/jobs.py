"""Background work: a thread for each lane, so that a page never waits and a training never fights a second one.

Work is plain Python. It talks to its `Job`, and whoever holds the job reads it: nothing here knows a page. torch is
loaded by the first work that needs it, so that asking what is under way costs nothing.
"""

import atexit
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

from training.errors import Cancelled, UserError
from training.folders import runs_folder

if TYPE_CHECKING:
    from training.config import TrainConfig
    from training.runs import Run, RunWriter

__all__ = ["Job", "JobState", "Jobs", "Lane"]

JobState = Literal["waiting", "running", "done", "stopped", "failed"]
Lane = Literal["training", "reading"]
KEPT_FINISHED = 64
GOODBYE_SECONDS = 3.0

log = logging.getLogger(__name__)


class Job:
    """One piece of background work.

    Attributes:
        key: names the work; asking for the same key again finds this job.
        progress: the fraction done, 0..1; `message` says what is being done.
        result: what the work returned, once `state` is "done".
        error: one sentence for the user, once `state` is "failed".
    """

    def __init__(self, key: str, title: str, lane: Lane) -> None:
        self.key, self.title, self.lane = key, title, lane
        self.state: JobState = "waiting"
        self.progress, self.message, self.error = 0.0, "", ""
        self.result: Any = None
        self._stop = threading.Event()
        self._ended = threading.Event()

    @property
    def active(self) -> bool:
        return self.state in ("waiting", "running")

    def stop(self) -> None:
        """Ask the work to end; it does at its next report."""
        self._stop.set()

    def should_stop(self) -> bool:
        return self._stop.is_set()

    def report(self, progress: float, message: str = "") -> None:
        """Called by the work: note how far it is.

        Raises:
            Cancelled: `stop` was called.
        """
        if self.should_stop():
            raise Cancelled
        self.progress, self.message = progress, message

    def wait(self, seconds: float) -> bool:
        """Wait at most so long for the end; whether it has come."""
        return self._ended.wait(seconds)

    def run(self, work: Callable[["Job"], Any]) -> None:
        """Carry out the work in this thread; failures end up in `error`."""
        self.state = "running"
        try:
            from training.device import use_threads

            use_threads()
            self.result = work(self)
            self.progress, self.state = 1.0, "done"
        except Cancelled:
            self.state = "stopped"
        except UserError as error:
            self.error, self.state = str(error), "failed"
        except Exception as error:  # the thread's last line of defence: a job never just vanishes
            log.exception("%s failed", self.title)
            self.error = f"{self.title} broke off unexpectedly ({type(error).__name__}): try again."
            self.state = "failed"
        finally:
            self._ended.set()


class Jobs:
    """The registry of one server: every session asks the same one.

    Each lane does one job at a time, in the order they came: "training" for trainings, "reading" for measuring
    and downloading.
    """

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}
        self._lock = threading.Lock()
        self._starting = threading.Lock()
        self._turns: dict[Lane, threading.Lock] = {"training": threading.Lock(), "reading": threading.Lock()}
        atexit.register(self.stop_all)

    def submit(self, key: str, title: str, work: Callable[[Job], Any], *, lane: Lane = "reading") -> Job:
        """Start work in the background, unless work of this key is under way or done: then that is returned.

        A job that failed or was stopped is started anew.
        """
        with self._lock:
            known = self._jobs.get(key)
            if known is not None and (known.active or known.state == "done"):
                return known
            job = self._jobs[key] = Job(key, title, lane)
            self._forget_oldest()
        threading.Thread(target=self._take_turn, args=(job, work), name=f"job-{lane}", daemon=True).start()
        return job

    def find(self, key: str) -> Job | None:
        """The job of this key, in any state."""
        return self._jobs.get(key)

    def active(self, lane: Lane) -> list[Job]:
        """The jobs of a lane that run or wait, the running one first."""
        return [job for job in list(self._jobs.values()) if job.lane == lane and job.active]

    def stop_all(self) -> None:
        """Ask every job to end and give trainings a moment to keep their last state."""
        jobs = [job for job in list(self._jobs.values()) if job.active]
        for job in jobs:
            job.stop()
        for job in jobs:
            job.wait(GOODBYE_SECONDS)

    def start_training(self, config: "TrainConfig") -> "Run":
        """Start a new run in the background.

        Raises:
            UserError: a training runs already, or the runs folder cannot be written.
        """
        from training.runs import RunWriter, new_run_id

        with self._turn_to_train():
            folder = runs_folder()
            writer = RunWriter(folder / new_run_id(config.preset, folder), config)
            return self._train(writer, None)

    def resume_training(self, run: "Run") -> "Run":
        """Go on with a run from its last kept state.

        Raises:
            UserError: a training runs already, this run is finished, or it kept no state.
        """
        from training.runs import RunWriter

        with self._turn_to_train():
            if run.status().active:
                raise UserError(f"Run {run.id} is training now: wait, or stop it first.")
            if run.status().state == "finished":
                raise UserError(f"Run {run.id} has done all its steps: start a new run with more.")
            state = run.resume_state()
            return self._train(RunWriter(run.path, run.config, resume=True), state)

    def training_job(self, run_id: str) -> Job | None:
        """The job behind a run, if it was started by this server."""
        return self.find(f"train:{run_id}")

    @contextmanager
    def _turn_to_train(self) -> Iterator[None]:
        with self._starting:
            if self.active("training"):
                raise UserError("A training is under way here, one at a time: watch it, or stop it first.")
            yield

    def _train(self, writer: "RunWriter", resume: dict[str, Any] | None) -> "Run":
        from training.runs import Run
        from training.trainer import train_into

        def work(job: Job) -> Any:
            status = train_into(writer, resume=resume, should_stop=job.should_stop)
            if status.state == "failed":
                raise UserError(status.message)
            return status

        key = f"train:{writer.path.name}"
        with self._lock:
            self._jobs.pop(key, None)
        self.submit(key, f"Training {writer.path.name}", work, lane="training")
        return Run(writer.path)

    def _take_turn(self, job: Job, work: Callable[[Job], Any]) -> None:
        with self._turns[job.lane]:
            job.run(work)

    def _forget_oldest(self) -> None:
        finished = [key for key, job in self._jobs.items() if not job.active]
        for key in finished[: max(0, len(finished) - KEPT_FINISHED)]:
            del self._jobs[key]
