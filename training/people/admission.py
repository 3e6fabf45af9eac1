"""Whether a workspace may take more of the server: sentences where a limit is met."""

import os
import shutil
import stat
from collections.abc import Sequence
from pathlib import Path

from training.people.limits import limits
from training.people.places import place_of
from training.people.viewer import Viewer
from training.system.errors import UserError

__all__ = ["admit_measuring", "admit_trainings", "is_free", "megabytes_in"]


def is_free(somebody: Viewer) -> bool:
    """Whether the limits are not for somebody: for the machine itself, whoever sits at it, and the teacher."""
    return somebody.local or somebody.may_do_everything


def admit_trainings(somebody: Viewer, active: Sequence[str], work: Sequence[float]) -> None:
    """Make sure that somebody may start trainings now.

    Arguments:
        active: whose the trainings are that wait, train or are paused.
        work: weights times steps of each new one.

    Raises:
        UserError: a limit is met; it says which, and what helps.
    """
    if is_free(somebody):
        return
    now = limits()
    own = active.count(somebody.owner)
    if own + len(work) > now.workspace.trainings:
        raise UserError(
            f"A workspace has at most {now.workspace.trainings:,} trainings that wait or train, and yours has {own:,}: "
            "wait for some of them, or stop them."
        )
    if len(active) + len(work) > now.server.trainings:
        raise UserError(f"{len(active):,} trainings wait on this server, and it takes no more: try again later.")
    if (most := max(work, default=0.0)) > now.workspace.work:
        raise UserError(
            f"This training is {most / now.workspace.work:,.1f} times as long as one may be here: choose fewer "
            "steps or a smaller model."
        )
    place = place_of(somebody.owner)
    if (taken := megabytes_in(place)) > now.workspace.disk_mb:
        raise UserError(
            f"Your runs take {taken:,.0f} MB, and a workspace has {now.workspace.disk_mb:,.0f} MB: delete some on Runs "
            "and empty the bin."
        )
    if _free_megabytes(place.parent) < now.server.free_mb:
        raise UserError("The server's disk is nearly full: ask its teacher to delete old runs.")


def admit_measuring(somebody: Viewer, active: Sequence[str]) -> None:
    """Make sure that somebody may ask for one more measuring.

    Arguments:
        active: whose the measurings are that wait or are under way.

    Raises:
        UserError: a limit is met.
    """
    if is_free(somebody):
        return
    now = limits()
    if (own := active.count(somebody.owner)) >= now.workspace.measurings:
        raise UserError(f"{own} measurings of yours wait or are under way, as many as a workspace has: wait for one.")
    if len(active) >= now.server.measurings:
        raise UserError("Many measurings wait on this server, and it takes no more: try again in a minute.")


def megabytes_in(place: Path) -> float:
    """What the files below a folder take; links are not followed."""
    total = 0
    for folder, _, names in os.walk(place):
        for name in names:
            try:
                found = os.lstat(f"{folder}/{name}")
            except OSError:  # it is being replaced or deleted
                continue
            total += found.st_size if stat.S_ISREG(found.st_mode) else 0
    return total / 1e6


def _free_megabytes(folder: Path) -> float:
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free / 1e6
