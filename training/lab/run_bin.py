"""The bin: runs that were deleted, until a week later or until it is emptied. Light (no torch).

A run in the bin stays where it is, with the time of its deletion in its notes; nothing lists it but the bin itself.
Each visitor's bin holds the runs that are theirs to change.
"""

import shutil
import time
from contextlib import suppress
from pathlib import Path

from training.lab.run_index import every_run_folder, notes_of
from training.lab.run_notes import change_notes, read_notes
from training.people.rights import may
from training.people.viewer import viewer
from training.runs.run_folder import read_status
from training.system.errors import UserError

__all__ = ["KEPT_SECONDS", "binned_folders", "binned_runs", "empty_bin", "restore_run", "throw_away"]

KEPT_SECONDS = 7 * 24 * 3600.0


def throw_away(path: Path) -> None:
    """Put a run in the bin.

    Raises:
        UserError: it is training, its folder cannot be written, or it is not theirs to change.
    """
    status = read_status(path)
    if status is not None and status.active:
        raise UserError(f"The run {path.name} is training now: stop it first, then delete it.")
    change_notes(path, binned=time.time())


def restore_run(path: Path) -> None:
    """Take a run out of the bin.

    Raises:
        UserError: it is not in the bin, its folder cannot be written, or it is not theirs to change.
    """
    if read_notes(path).binned is None:
        raise UserError(f"The run {path.name} is not in the bin.")
    change_notes(path, binned=None)


def binned_folders(folder: Path | None = None) -> dict[Path, float]:
    """The folders of the runs in the bin, the one deleted last first, each with the time of its deletion.

    In seconds since 1970.
    """
    times = {path: notes_of(path).binned for path in every_run_folder(folder)}
    there = {path: when for path, when in times.items() if when is not None and may(viewer(), "change", path)}
    return dict(sorted(there.items(), key=lambda each: -each[1]))


def binned_runs(folder: Path | None = None) -> dict[str, float]:
    """The same by the ids of the runs."""
    return {path.name: when for path, when in binned_folders(folder).items()}


def empty_bin(folder: Path | None = None, *, older_than: float = 0.0) -> list[str]:
    """Delete for good what is in the bin; one that somebody resumed meanwhile stays.

    Arguments:
        older_than: only runs that have been there for so many seconds.

    Returns:
        The ids of the runs that are gone.
    """
    gone = []
    for path, when in binned_folders(folder).items():
        status = read_status(path)
        if time.time() - when < older_than or (status is not None and status.active):
            continue
        with suppress(OSError):
            if path.is_symlink():
                path.unlink()
            else:
                shutil.rmtree(path)
            gone.append(path.name)
    return gone
