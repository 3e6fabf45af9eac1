"""Who takes how much of a server: for the teacher alone."""

import os
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from training.lab.queue import Active, active_runs
from training.lab.run_index import every_run_folder
from training.people.admission import megabytes_in
from training.people.doors import is_open
from training.people.places import owner_of, owners, place_of
from training.people.viewer import Viewer, viewer
from training.system.errors import UserError
from training.system.folders import runs_folder

__all__ = ["Usage", "everybodys_runs", "is_in_charge", "last_change", "require_in_charge", "usages"]


class Usage(NamedTuple):
    """What one workspace takes.

    Attributes:
        owner: its folder's name; "" is the machine itself.
        runs: how many it has, those in its bin too; `active` of them wait, train or are paused.
        changed: when anything in it changed last, in seconds since 1970.
    """

    owner: str
    runs: int
    active: int
    megabytes: float
    changed: float


def is_in_charge(somebody: Viewer | None = None) -> bool:
    """Whether somebody keeps the server: its teacher; where no key is set, who sits at the machine itself."""
    somebody = somebody or viewer()
    return somebody.may_do_everything or (somebody.local and is_open("teacher"))


def require_in_charge() -> None:
    """Make sure that whoever asks in this thread keeps the server.

    Raises:
        UserError: they do not.
    """
    if not is_in_charge():
        raise UserError(
            "This is for the teacher alone: open it on the server's own machine, or set $ELBO_LAB_TEACHER_KEY."
            if is_open("teacher")
            else "This is for the teacher alone: enter the teacher's key on Runs, under Who sees these runs."
        )


def usages() -> list[Usage]:
    """What every workspace takes, the largest first.

    Raises:
        UserError: it is not for whoever asks.
    """
    require_in_charge()
    runs = Counter(owner_of(path) for path in every_run_folder(everybody=True))
    active = Counter(run.owner for run in active_runs(runs_folder()))
    others = [
        Usage(owner, runs[owner], active[owner], megabytes_in(place_of(owner)), last_change(place_of(owner)))
        for owner in owners()
    ]
    whole = megabytes_in(runs_folder()) - sum(other.megabytes for other in others)
    machine = Usage("", runs[""], active[""], max(0.0, whole), time.time())
    return sorted([machine, *others], key=lambda usage: -usage.megabytes)


def everybodys_runs() -> list[Active]:
    """Every run that waits, trains or is paused.

    Raises:
        UserError: it is not for whoever asks.
    """
    require_in_charge()
    return active_runs(runs_folder())


def last_change(place: Path) -> float:
    """When something in a workspace changed last, in seconds since 1970."""
    return max(_changes(place), default=0.0)


def _changes(place: Path) -> Iterator[float]:
    with suppress(OSError):
        yield place.stat().st_mtime
        with os.scandir(place) as found:
            for each in found:
                with suppress(OSError):
                    yield each.stat(follow_symlinks=False).st_mtime
                    if each.is_dir(follow_symlinks=False):
                        yield (Path(each.path) / "status.json").stat().st_mtime
