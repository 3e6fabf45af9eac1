"""One function over many items, on many cores, with the results in the items' order."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Event, Lock
from typing import Protocol, TypeVar

from training.cluster.connection import Cluster, cluster
from training.system.errors import Cancelled

__all__ = ["Work", "map_in_order", "own_cores"]

Result = TypeVar("Result")


def own_cores() -> int:
    """How many cores of this machine this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Work(Protocol):
    """An item, which knows how much there is to do."""

    @property
    def work(self) -> int: ...


AnItem = TypeVar("AnItem", bound=Work)


def map_in_order(
    function: Callable[[AnItem, Callable[[int], None]], Result],
    items: Sequence[AnItem],
    advance: Callable[[int], None],
    *,
    cores: int = 1,
) -> Iterator[Result]:
    """Call a function with each item, on the cluster if there is one and this machine's cores if not.

    Arguments:
        function: of an item and of `advance`. Its results must not depend on where it is called.
        advance: called by one thread at a time with the amount of work that was done since its last call, which may be
            0; an error that it raises ends everything.
        cores: of this machine to use, a thread each; with one, all is done in this thread.

    Raises:
        UserError: the cluster does not answer.
    """
    if (others := cluster()) is not None:
        yield from _on_cluster(others, function, items, advance)
    elif cores == 1 or len(items) < 2:
        for item in items:
            yield function(item, advance)
    else:
        yield from _on_threads(function, items, advance, cores)


def _on_threads(
    function: Callable[[AnItem, Callable[[int], None]], Result],
    items: Sequence[AnItem],
    advance: Callable[[int], None],
    cores: int,
) -> Iterator[Result]:
    from training.system.device import prepare_thread

    lock, ended = Lock(), Event()

    def in_turn(amount: int) -> None:
        with lock:
            if ended.is_set():
                raise Cancelled
            advance(amount)

    with ThreadPoolExecutor(cores, initializer=prepare_thread) as pool:
        futures = [pool.submit(function, item, in_turn) for item in items]
        try:
            for future in futures:
                yield future.result()
        finally:
            ended.set()
            pool.shutdown(wait=False, cancel_futures=True)


def _on_cluster(
    others: Cluster,
    function: Callable[[AnItem, Callable[[int], None]], Result],
    items: Sequence[AnItem],
    advance: Callable[[int], None],
) -> Iterator[Result]:
    results = others.map(partial(_unheard, function), items, lambda: advance(0))
    for item, result in zip(items, results, strict=True):
        advance(item.work)
        yield result


def _unheard(function: Callable[[AnItem, Callable[[int], None]], Result], item: AnItem) -> Result:
    """The work on another machine, from which no progress is heard before it is done."""
    return function(item, lambda amount: None)
