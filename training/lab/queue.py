"""Whose turn it is: everybody's runs that train and that wait. Light (no torch).

People take turns: the next place is for whoever has the fewest runs under way, of those for whoever was served longest
ago. Among the runs of one of them, first come, first served.
"""

import heapq
import os
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from training.cluster.connection import cluster
from training.cluster.in_order import own_cores
from training.lab.run_index import run_folders
from training.people.limits import limits
from training.people.places import owner_of, root_of
from training.runs.run_folder import Status, read_status
from training.system.errors import UserError

__all__ = ["Active", "Turn", "active_runs", "busy", "in_order", "next_ones", "note_served", "turns", "workers"]

SERVED = ".served"  # of a workspace: its last change is when a run of it was last started


class Active(NamedTuple):
    """A run that trains, is paused, or waits for its turn.

    Attributes:
        path: its folder.
        served: when a run of its owner was last started, in seconds since 1970.
    """

    id: str
    status: Status
    path: Path = Path()
    served: float = 0.0

    @property
    def owner(self) -> str:
        return owner_of(self.path)


class Turn(NamedTuple):
    """When a run that waits will start: how many wait before it, and in how many seconds, where that is known."""

    ahead: int
    seconds: float | None


def workers() -> int:
    """How many runs train at once: $ELBO_LAB_WORKERS, else as many as the cluster has cores, else one less than this
    process has, at least one.

    Raises:
        UserError: $ELBO_LAB_WORKERS is not a whole number from 1, or the cluster does not answer.
    """
    wanted = os.environ.get("ELBO_LAB_WORKERS", "")
    if not wanted and (others := cluster()) is not None:
        return others.cores()
    if not wanted:
        return max(1, own_cores() - 1)
    if not wanted.isdecimal() or int(wanted) < 1:
        raise UserError(f"ELBO_LAB_WORKERS should be a whole number of trainings from 1, and it is {wanted!r}.")
    return int(wanted)


def active_runs(folder: Path) -> list[Active]:
    """Everybody's runs in the runs folder that train, are paused, or wait.

    Arguments:
        folder: the runs folder, or somebody's place in it.
    """
    found = ((path, read_status(path)) for path in run_folders(root_of(folder), everybody=True))
    active = [(path, status) for path, status in found if status is not None and status.active]
    served = {path.parent: _served(path.parent) for path, _ in active}
    return [Active(path.name, status, path, served[path.parent]) for path, status in active]


def _served(place: Path) -> float:
    try:
        return (place / SERVED).stat().st_mtime
    except OSError:
        return 0.0


def note_served(run: Path) -> None:
    """Note that a run of this owner is started now.

    Raises:
        OSError: it cannot be written.
    """
    (run.parent / SERVED).touch()


def busy(active: Sequence[Active]) -> list[Active]:
    """Those that compute; a paused one leaves its place to others."""
    return [run for run in active if run.status.state == "running"]


def in_order(active: Sequence[Active]) -> list[Active]:
    """Those that wait, the next one first."""
    waiting: dict[str, list[Active]] = {}
    for run in sorted(active, key=lambda run: (run.status.queued, run.id)):
        if run.status.state == "queued":
            waiting.setdefault(run.owner, []).append(run)
    under_way = Counter(run.owner for run in busy(active))
    served = {owner: (0, runs[0].served) for owner, runs in waiting.items()}
    order = list[Active]()
    while waiting:
        owner = min(waiting, key=lambda each: (under_way[each], served[each], waiting[each][0].status.queued, each))
        order.append(waiting[owner].pop(0))
        under_way[owner] += 1
        served[owner] = (1, float(len(order)))
        if not waiting[owner]:
            del waiting[owner]
    return order


def next_ones(waiting: Sequence[Active], under_way: Sequence[Active], free: int) -> list[Active]:
    """Those that start now: as many as there are free places, of nobody more than a workspace has at once.

    Arguments:
        waiting: the next one first.
    """
    try:
        most = limits().workspace.at_once
    except UserError:  # it is said to whoever starts a training
        most = 0
    count = Counter(run.owner for run in under_way)
    chosen = list[Active]()
    for run in waiting:
        if len(chosen) < free and not (most and run.owner and count[run.owner] >= most):
            chosen.append(run)
            count[run.owner] += 1
    return chosen


def turns(active: Sequence[Active], places: int, seconds_of: Callable[[Active], float | None]) -> dict[str, Turn]:
    """When each run that waits will start, by its id.

    Arguments:
        places: how many train at once.
        seconds_of: how long a run will still train, None where nobody knows.
    """
    ends = [seconds for run in busy(active) if (seconds := seconds_of(run)) is not None]
    known = len(ends) == len(busy(active))
    ends = [0.0] * max(0, places - len(busy(active))) + ends
    heapq.heapify(ends)
    found: dict[str, Turn] = {}
    for ahead, run in enumerate(in_order(active)):
        start = heapq.heappop(ends) if known and ends else None
        found[run.id] = Turn(ahead, start)
        needed = seconds_of(run)
        known = known and needed is not None
        if start is not None and needed is not None:
            heapq.heappush(ends, start + needed)
    return found
