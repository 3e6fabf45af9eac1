"""Background work: a thread for each lane, so that a page never waits and a training never fights a second one.

Work is plain Python. It talks to its `Job`, and whoever holds the job reads it: nothing here knows a page. torch is
loaded by the first work that needs it, so that asking what is under way costs nothing.
"""

import atexit
import logging
import threading
from collections.abc import Callable
from typing import Any, Literal

from training.system.errors import Cancelled, UserError

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
            from training.system.device import prepare_thread

            prepare_thread()
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

    def forget(self, key: str) -> None:
        """Drop a job that has ended, so that asking for its key starts the work anew."""
        with self._lock:
            if key in self._jobs and not self._jobs[key].active:
                del self._jobs[key]

    def active(self, lane: Lane) -> list[Job]:
        """The jobs of a lane that run or wait, the running one first."""
        return [job for job in list(self._jobs.values()) if job.lane == lane and job.active]

    def stop_all(self, seconds: float = GOODBYE_SECONDS) -> None:
        """Ask every job to end and give each this long to keep its last state."""
        jobs = [job for job in list(self._jobs.values()) if job.active]
        for job in jobs:
            job.stop()
        for job in jobs:
            job.wait(seconds)

    def _take_turn(self, job: Job, work: Callable[[Job], Any]) -> None:
        with self._turns[job.lane]:
            job.run(work)

    def _forget_oldest(self) -> None:
        finished = [key for key, job in self._jobs.items() if not job.active]
        for key in finished[: max(0, len(finished) - KEPT_FINISHED)]:
            del self._jobs[key]
