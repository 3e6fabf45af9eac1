"""The bin: runs that were deleted, until a week later or until it is emptied. Light (no torch).

A run in the bin stays where it is, with the time of its deletion in its notes; nothing lists it but the bin itself.
"""

import shutil
import time
from contextlib import suppress
from pathlib import Path

from training.lab.run_index import every_run, notes_of
from training.lab.run_notes import change_notes, read_notes
from training.runs.run_folder import read_status
from training.system.errors import UserError
from training.system.folders import runs_folder

__all__ = ["KEPT_SECONDS", "binned_runs", "empty_bin", "restore_run", "throw_away"]

KEPT_SECONDS = 7 * 24 * 3600.0


def throw_away(path: Path) -> None:
    """Put a run in the bin.

    Raises:
        UserError: it is training, or its folder cannot be written.
    """
    status = read_status(path)
    if status is not None and status.active:
        raise UserError(f"The run {path.name} is training now: stop it first, then delete it.")
    change_notes(path, binned=time.time())


def restore_run(path: Path) -> None:
    """Take a run out of the bin.

    Raises:
        UserError: it is not in the bin, or its folder cannot be written.
    """
    if read_notes(path).binned is None:
        raise UserError(f"The run {path.name} is not in the bin.")
    change_notes(path, binned=None)


def binned_runs(folder: Path | None = None) -> dict[str, float]:
    """The runs in the bin, the one deleted last first, each with the time of its deletion in seconds since 1970."""
    folder = folder or runs_folder()
    times = {run_id: notes_of(folder / run_id).binned for run_id in every_run(folder)}
    there = {run_id: when for run_id, when in times.items() if when is not None}
    return dict(sorted(there.items(), key=lambda each: -each[1]))


def empty_bin(folder: Path | None = None, *, older_than: float = 0.0) -> list[str]:
    """Delete for good what is in the bin; one that somebody resumed meanwhile stays.

    Arguments:
        older_than: only runs that have been there for so many seconds.

    Returns:
        The ids of the runs that are gone.
    """
    folder = folder or runs_folder()
    gone = []
    for run_id, when in binned_runs(folder).items():
        path, status = folder / run_id, read_status(folder / run_id)
        if time.time() - when < older_than or (status is not None and status.active):
            continue
        with suppress(OSError):
            if path.is_symlink():
                path.unlink()
            else:
                shutil.rmtree(path)
            gone.append(run_id)
    return gone
