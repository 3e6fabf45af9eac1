"""Background work, in lanes: a page never waits, and a training never fights a second one.

Work is plain Python. It talks to its `Job`, and whoever holds the job reads it: nothing here knows a page. torch is
loaded by the first work that needs it, so that asking what is under way costs nothing.
"""

import atexit
import logging
import threading
from collections.abc import Callable
from typing import Any, Literal

from training.system.errors import Cancelled, UserError

__all__ = ["Job", "JobState", "Jobs", "LaneName"]

JobState = Literal["waiting", "running", "done", "stopped", "failed"]
LaneName = Literal["training", "reading"]
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

    def __init__(self, key: str, title: str, lane: LaneName) -> None:
        self.key, self.title, self.lane = key, title, lane
        self.state: JobState = "waiting"
        self.progress, self.message, self.error = 0.0, "", ""
        self.result: Any = None
        self._stop = threading.Event()
        self.ended = threading.Event()

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
        return self.ended.wait(seconds)

    def run(self, work: Callable[["Job"], Any], before: threading.Event | None) -> None:
        """Do the work in this thread, once the job before it has ended; what goes wrong ends up in `error`."""
        if before is not None:
            before.wait()
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
            self.error = f"{self.title} stopped unexpectedly ({type(error).__name__}): try again."
            self.state = "failed"
        finally:
            self.ended.set()


class Jobs:
    """The registry of one server: every session asks the same one.

    Each job has a daemon thread of its own, which Python does not wait for at its exit. Those of the lane "reading",
    which measure and download, are done one at a time, in the order they came: each waits for the one before it. One of
    the lane "training" watches a process and waits for nobody.
    """

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}
        self._lock = threading.Lock()
        self._last: threading.Event | None = None  # the end of the newest job that measures or downloads
        atexit.register(self.stop_all)

    def submit(self, key: str, title: str, work: Callable[[Job], Any], *, lane: LaneName = "reading") -> Job:
        """Start work in the background, unless work of this key is under way or done: then that is returned.

        A job that failed or was stopped is started anew.
        """
        with self._lock:
            known = self._jobs.get(key)
            if known is not None and (known.active or known.state == "done"):
                return known
            job = Job(key, title, lane)
            before = None
            if lane == "reading":
                before, self._last = self._last, job.ended
            threading.Thread(target=job.run, args=(work, before), name=f"job-{key}", daemon=True).start()
            self._jobs.pop(key, None)  # the newest is the last, so that the oldest are forgotten first
            self._jobs[key] = job
            self._forget_oldest()
        return job

    def find(self, key: str) -> Job | None:
        """The job of this key, in any state."""
        return self._jobs.get(key)

    def forget(self, key: str) -> None:
        """Drop a job that has ended, so that asking for its key starts the work anew."""
        with self._lock:
            if key in self._jobs and not self._jobs[key].active:
                del self._jobs[key]

    def active(self, lane: LaneName) -> list[Job]:
        """The jobs of a lane that run or wait, the running one first."""
        return [job for job in list(self._jobs.values()) if job.lane == lane and job.active]

    def ahead_of(self, job: Job) -> Job | None:
        """What a waiting job waits for: the job that runs in its lane."""
        running = (other for other in self.active(job.lane) if other.state == "running")
        return next(running, None) if job.state == "waiting" else None

    def stop_all(self, seconds: float = GOODBYE_SECONDS) -> None:
        """Ask every job to end and give each this long to keep its last state."""
        jobs = [job for job in list(self._jobs.values()) if job.active]
        for job in jobs:
            job.stop()
        for job in jobs:
            job.wait(seconds)

    def _forget_oldest(self) -> None:
        finished = [key for key, job in self._jobs.items() if not job.active]
        for key in finished[: max(0, len(finished) - KEPT_FINISHED)]:
            del self._jobs[key]
