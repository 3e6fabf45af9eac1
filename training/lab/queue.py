"""Whose turn it is: the runs that train and those that wait, first come first served. Light (no torch)."""

import heapq
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from training.cluster.connection import cluster
from training.cluster.in_order import own_cores
from training.lab.run_index import run_ids
from training.runs.run_folder import Status, read_status
from training.system.errors import UserError

__all__ = ["Active", "Turn", "active_runs", "busy", "in_order", "turns", "workers"]


class Active(NamedTuple):
    """A run that trains, is paused, or waits for its turn."""

    id: str
    status: Status


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
    """The runs of a folder that train, are paused, or wait."""
    found = ((run_id, read_status(folder / run_id)) for run_id in run_ids(folder))
    return [Active(run_id, status) for run_id, status in found if status is not None and status.active]


def busy(active: Sequence[Active]) -> list[Active]:
    """Those that compute; a paused one leaves its place to others."""
    return [run for run in active if run.status.state == "running"]


def in_order(active: Sequence[Active]) -> list[Active]:
    """Those that wait, the next one first."""
    return sorted((run for run in active if run.status.state == "queued"), key=lambda run: (run.status.queued, run.id))


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
