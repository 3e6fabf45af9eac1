"""Background work, in lanes: a page never waits, and a training never fights a second one.

Work is plain Python. It talks to its `Job`, and whoever holds the job reads it: nothing here knows a page. torch is
loaded by the first work that needs it, so that asking what is under way costs nothing.
"""

import atexit
import logging
import threading
import time
from collections.abc import Callable
from typing import Any, Literal

from training.system.errors import Cancelled, UserError

__all__ = ["Job", "JobState", "Jobs", "LaneName"]

JobState = Literal["waiting", "running", "done", "stopped", "failed"]
LaneName = Literal["training", "reading"]
KEPT_FINISHED = 64
GOODBYE_SECONDS = 3.0
UNWANTED_SECONDS = 120.0  # work for which nobody has waited for so long is dropped; a reload takes less
LOOK_SECONDS = 5.0  # from one look whether somebody waits to the next

log = logging.getLogger(__name__)


class Job:
    """One piece of background work.

    Attributes:
        key: names the work; asking for the same key again finds this job.
        progress: the fraction done, 0..1; `message` says what is being done.
        result: what the work returned, once `state` is "done".
        error: one sentence for the user, once `state` is "failed".
        owner: whose work it is; people take turns.
    """

    def __init__(self, key: str, title: str, lane: LaneName, owner: str = "") -> None:
        self.key, self.title, self.lane, self.owner = key, title, lane, owner
        self.state: JobState = "waiting"
        self.progress, self.message, self.error = 0.0, "", ""
        self.result: Any = None
        self._stop = threading.Event()
        self.ended = threading.Event()
        self._waiting: dict[str, Callable[[], bool]] = {}
        self._wanted = self._looked = time.monotonic()

    @property
    def active(self) -> bool:
        return self.state in ("waiting", "running")

    def stop(self) -> None:
        """Ask the work to end; it does at its next report."""
        self._stop.set()

    def should_stop(self) -> bool:
        return self._stop.is_set()

    def wait_for(self, name: str, is_there: Callable[[], bool]) -> None:
        """Note that somebody waits for this work: it is dropped some time after all of them have gone.

        Arguments:
            is_there: whether they are still there; called from any thread, at times.
        """
        self._waiting[name] = is_there
        self._wanted = time.monotonic()

    def is_wanted(self) -> bool:
        """Whether somebody waits for it, or did a moment ago; work for which nobody ever said so always is."""
        now = time.monotonic()
        if self._waiting and now - self._looked >= LOOK_SECONDS:
            self._looked = now
            if any(is_there() for is_there in list(self._waiting.values())):
                self._wanted = now
        return not self._waiting or now - self._wanted < UNWANTED_SECONDS

    def report(self, progress: float, message: str = "") -> None:
        """Called by the work: note how far it is.

        Raises:
            Cancelled: `stop` was called, or nobody waits for it any more.
        """
        if self.should_stop() or not self.is_wanted():
            raise Cancelled
        self.progress, self.message = progress, message

    def wait(self, seconds: float) -> bool:
        """Wait at most so long for the end; whether it has come."""
        return self.ended.wait(seconds)

    def run(self, work: Callable[["Job"], Any], then: Callable[[], None] = lambda: None) -> None:
        """Do the work in this thread, then what comes after it; what goes wrong ends up in `error`."""
        self.state = "running"
        try:
            if self.should_stop():
                raise Cancelled
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
            then()


class Jobs:
    """The registry of one server: every session asks the same one.

    Work of the lane "reading", which measures and downloads, is done one at a time, in a daemon thread that Python
    does not wait for at its exit. People take turns: next is whoever was served longest ago, with the oldest of their
    jobs. One of the lane "training" watches a process in a thread of its own, and waits for nobody.
    """

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}
        self._lock = threading.RLock()
        self._pending: list[tuple[Job, Callable[[Job], Any]]] = []  # of the lane "reading", the oldest first
        self._served: dict[str, int] = {}  # by owner, the number of their last job
        self._reads = False  # whether there is a thread for that lane
        atexit.register(self.stop_all)

    def submit(
        self, key: str, title: str, work: Callable[[Job], Any], *, lane: LaneName = "reading", owner: str = ""
    ) -> Job:
        """Start work in the background, unless work of this key is under way or done: then that is returned.

        A job that failed or was stopped is started anew.

        Arguments:
            owner: whose work it is; people take turns.
        """
        with self._lock:
            known = self._jobs.get(key)
            if known is not None and (known.active or known.state == "done"):
                return known
            job = Job(key, title, lane, owner)
            self._jobs.pop(key, None)  # the newest is the last, so that the oldest are forgotten first
            self._jobs[key] = job
            if lane == "training":
                threading.Thread(target=job.run, args=(work,), name=f"job-{key}", daemon=True).start()
            else:
                self._pending.append((job, work))
                if not self._reads:
                    self._start_next()
            self._forget_oldest()
        return job

    def _start_next(self) -> None:
        """Start what is next in the lane "reading", which in its end starts what is next then."""
        with self._lock:
            chosen = self._next()
            self._reads = chosen is not None
            if chosen is not None:
                job, work = chosen
                threading.Thread(
                    target=job.run, args=(work, self._start_next), name=f"job-{job.key}", daemon=True
                ).start()

    def _next(self) -> tuple[Job, Callable[[Job], Any]] | None:
        with self._lock:
            for job, work in list(self._pending):
                if job.should_stop() or not job.is_wanted():
                    self._pending.remove((job, work))
                    job.state = "stopped"
                    job.ended.set()
            if not self._pending:
                self._served = {}
                return None
            chosen = min(self._pending, key=lambda each: self._served.get(each[0].owner, 0))
            self._pending.remove(chosen)
            self._served[chosen[0].owner] = max(self._served.values(), default=0) + 1
            return chosen

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
        found = [job for job in list(self._jobs.values()) if job.lane == lane and job.active]
        return sorted(found, key=lambda job: job.state != "running")

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
