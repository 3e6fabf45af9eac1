"""An executor for background work that keeps the order it was given in."""

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from functools import partial
from typing import Any, ParamSpec, TypeVar

__all__ = ["Lane"]

P = ParamSpec("P")
T = TypeVar("T")


class Lane(Executor):
    """Does one piece of work at a time, first come, first served, in a daemon thread that lives while there is work.

    `ThreadPoolExecutor(1)` keeps the same order, but Python waits at its exit for all that such a pool still has to do:
    a server would not end before its last measurement.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._waiting: deque[tuple[Future[Any], Callable[[], Any]]] = deque()
        self._working = False
        self._lock = threading.Lock()

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Do `fn(*args, **kwargs)` when all that was submitted before is done."""
        future: Future[T] = Future()
        with self._lock:
            self._waiting.append((future, partial(fn, *args, **kwargs)))
            if not self._working:
                self._working = True
                threading.Thread(target=self._work, name=f"lane-{self._name}", daemon=True).start()
        return future

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._working = False
                    return
                future, work = self._waiting.popleft()
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(work())
                except BaseException as error:  # whoever holds the future decides what to make of it
                    future.set_exception(error)
