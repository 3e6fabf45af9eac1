"""What a server sweeps by itself: workspaces that nobody has used for long, and what killed servers have left.

`elbo-lab.toml` says how long and how much. A workspace in which something waits or trains is never swept.
"""

import shutil
import time
from contextlib import suppress

from training.lab.queue import active_runs
from training.people.admission import megabytes_in
from training.people.limits import limits
from training.people.places import owners, place_of
from training.system.errors import UserError
from training.system.folders import runs_folder
from training.system.scratch import sweep_scratch
from training.upkeep.reset import FOLDER, names_aside, set_aside
from training.upkeep.usage import last_change

__all__ = ["keep_house", "sweep_workspaces"]

DAY = 24 * 3600.0
SPARED_DAYS = 7.0  # a workspace used since is swept by no size
ASIDE_DAYS = 30.0  # after which what was set aside is deleted for good


def keep_house() -> None:
    """Sweep all of it; what cannot be swept now stays for the next time."""
    sweep_scratch()
    with suppress(UserError):
        sweep_workspaces()


def sweep_workspaces(now: float | None = None) -> list[str]:
    """Set aside the workspaces that nobody has used for `kept_days`; delete the oldest above `workspaces_mb`.

    Arguments:
        now: seconds since 1970.

    Returns:
        The owners whose workspaces are swept.

    Raises:
        UserError: the limits cannot be read, or the runs folder cannot be written.
    """
    now, most = time.time() if now is None else now, limits().server
    _forget_old_sets(now)
    busy = {run.owner for run in active_runs(runs_folder())}
    idle = sorted((now - last_change(place_of(owner)), owner) for owner in owners() if owner not in busy)
    old = [owner for age, owner in idle if most.kept_days and age > most.kept_days * DAY]
    if old:
        set_aside(old)
    swept = list(old)
    if most.workspaces_mb:
        sizes = {owner: megabytes_in(place_of(owner)) for owner in owners()}
        for age, owner in reversed(idle):
            if sum(sizes.values()) <= most.workspaces_mb or age < SPARED_DAYS * DAY:
                break
            if owner in sizes:
                shutil.rmtree(place_of(owner), ignore_errors=True)
                del sizes[owner]
                swept.append(owner)
    return swept


def _forget_old_sets(now: float) -> None:
    for name in names_aside():
        when = time.mktime(time.strptime(name, "%Y%m%d-%H%M%S"))
        if now - when > ASIDE_DAYS * DAY:
            shutil.rmtree(runs_folder() / FOLDER / name, ignore_errors=True)
