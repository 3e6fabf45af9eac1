"""The Ray cluster that this process sends its work to, if $ELBO_LAB_CLUSTER names one.

Where a task runs is Ray's to decide, and if its machine dies Ray runs it again on another one. Every machine needs the
same project and Python environment at the same place, and the same data and runs folders: a shared file system.
"""

import logging
import os
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

from training.system.errors import UserError
from training.system.folders import PROJECT

__all__ = ["Cluster", "Task", "cluster"]

Item = TypeVar("Item")
Result = TypeVar("Result")

RETRIES = 8  # of a task whose machine died; an error of its own ends it at once
POLL_SECONDS = 0.1
CONNECT_SECONDS = 30.0  # the first connection to a cluster that has just started takes half of it
_ADDRESS = re.compile(r"auto|ray://[A-Za-z0-9._-]+:\d{1,5}")
_lock = threading.Lock()
_attempt: "Future[None] | None" = None  # the last one to connect


def cluster() -> "Cluster | None":
    """The cluster, connected to at the first call; None where $ELBO_LAB_CLUSTER is not set.

    Raises:
        UserError: no address of a cluster, Ray is not installed, or nobody answers there.
    """
    address = os.environ.get("ELBO_LAB_CLUSTER", "")
    if not address:
        return None
    if not _ADDRESS.fullmatch(address):
        raise UserError(f"ELBO_LAB_CLUSTER should be auto or ray://host:port, and it is {address!r}.")
    try:
        import ray
    except ImportError:
        text = (
            "ELBO_LAB_CLUSTER is set, and Ray is not installed: pip install -r requirements-cluster.txt, or unset it."
        )
        raise UserError(text) from None
    with _in_words(address):
        _connect(ray, address)
    return Cluster(ray, address)


def _connect(ray: Any, address: str) -> None:
    """Connect this process, in a thread of its own: Ray itself tries for minutes where nobody answers.

    Raises:
        TimeoutError: nobody answered so far.
        Exception: what Ray says.
    """
    global _attempt
    with _lock:
        if ray.is_initialized():
            return
        if _attempt is None or _attempt.done():
            _attempt = Future()
            threading.Thread(target=_try_to_connect, args=(ray, address, _attempt), daemon=True).start()
        attempt = _attempt
    attempt.result(CONNECT_SECONDS)


def _try_to_connect(ray: Any, address: str, attempt: "Future[None]") -> None:
    there = {name: value for name, value in os.environ.items() if name.startswith("ELBO_LAB_")}
    there |= {"PYTHONPATH": str(PROJECT), "OMP_NUM_THREADS": os.environ.get("ELBO_LAB_THREADS", "1")}
    there.pop("ELBO_LAB_CLUSTER")  # a task sends nothing on
    try:
        ray.init(address, runtime_env={"env_vars": there}, log_to_driver=False, logging_level=logging.ERROR)
        attempt.set_result(None)
    except Exception as error:
        attempt.set_exception(error)


class Task:
    """Work that was sent to the cluster."""

    def __init__(self, ray: Any, reference: Any) -> None:
        self._ray, self._reference = ray, reference

    def running(self) -> bool:
        """It waits for a core or computes, here or, after its machine died, elsewhere."""
        return not self._ray.wait([self._reference], timeout=0)[0]

    def why_it_ended(self) -> str:
        """What went wrong, in a few words; empty if nothing did."""
        try:
            self._ray.get(self._reference)
        except Exception as error:  # a task can end as badly as any program
            return f"{type(error).__name__}"
        return ""


class Cluster:
    """A cluster that this process is connected to; see `cluster`."""

    def __init__(self, ray: Any, address: str) -> None:
        self._ray, self._address = ray, address

    def cores(self) -> int:
        """Of all its machines that are alive.

        Raises:
            UserError: the cluster does not answer any more.
        """
        with _in_words(self._address):
            return max(1, int(self._ray.cluster_resources().get("CPU", 0)))

    def start(self, work: Callable[..., None], *arguments: Any) -> Task:
        """Send work there, for one core and as much of a GPU as $ELBO_LAB_CLUSTER_GPUS says (none).

        Arguments:
            work: a function of a module of this project. It is called again elsewhere if its machine dies.

        Raises:
            UserError: the cluster does not answer, or $ELBO_LAB_CLUSTER_GPUS is not a number.
        """
        with _in_words(self._address):
            remote = self._ray.remote(num_cpus=1, num_gpus=_gpus(), max_retries=RETRIES)(work)
            return Task(self._ray, remote.remote(*arguments))

    def map(self, work: Callable[[Item], Result], items: Sequence[Item], look: Callable[[], None]) -> Iterator[Result]:
        """The results of all items in their order, each item on one core.

        Arguments:
            look: called again and again while we wait; an error that it raises ends the work.

        Raises:
            UserError: the cluster does not answer.
            Exception: the work's own.
        """
        ray = self._ray
        with _in_words(self._address):
            remote = ray.remote(num_cpus=1, max_retries=RETRIES)(_call)
            shared = ray.put(work)
            references = [remote.remote(shared, item) for item in items]
        try:
            for reference in references:
                while not self._ended(reference):
                    look()
                with _in_words(self._address):
                    result: Result = ray.get(reference)
                yield result
        finally:
            with suppress(Exception):  # the cluster may be gone: then nothing goes on there either
                for reference in references:
                    ray.cancel(reference)

    def _ended(self, reference: Any) -> bool:
        with _in_words(self._address):
            return bool(self._ray.wait([reference], timeout=POLL_SECONDS)[0])


def _call(work: Callable[[Item], Result], item: Item) -> Result:
    from training.system.device import prepare_thread

    prepare_thread()
    return work(item)


def _gpus() -> float:
    wanted = os.environ.get("ELBO_LAB_CLUSTER_GPUS", "0")
    try:
        share = float(wanted)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise UserError(f"ELBO_LAB_CLUSTER_GPUS should be the part of a GPU that a training gets, 0 to 1: {wanted!r}.")
    return share


@contextmanager
def _in_words(address: str) -> Iterator[None]:
    """Say errors of the cluster in a sentence, and pass those of the work itself on."""
    try:
        yield
    except Exception as error:
        if isinstance(error, UserError) or isinstance(getattr(error, "cause", None), Exception):
            raise getattr(error, "cause", error) from None
        text = f"The Ray cluster at {address!r} does not answer ({type(error).__name__}): start it, or unset "
        raise UserError(f"{text}ELBO_LAB_CLUSTER to compute on this machine.") from error
