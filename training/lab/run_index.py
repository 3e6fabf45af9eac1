"""Which runs there are, and which one is under way. Light (no torch), so that a page can list them at once.

Of a thousand runs every page asks several times a visit: what was read of a file is kept until it changes.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from training.lab.run_notes import NOTES_FILE, RunNotes, notes_in
from training.runs.run_folder import Run, is_run_id, read_status
from training.system.errors import UserError
from training.system.folders import runs_folder
from training.system.remembered import Remembered

__all__ = ["active_run", "every_run", "notes_of", "readable_runs", "run_ids"]

_NOTHING = RunNotes()
_notes = Remembered(notes_in)
_ended = Remembered(lambda file: not ((status := read_status(file.parent)) is not None and status.active))


def run_ids(folder: Path | None = None) -> list[str]:
    """Ids of the runs in a folder, the one that changed last first; none where the folder cannot be read.

    A run in the bin is none of them.
    """
    folder = folder or runs_folder()
    return [run_id for run_id in every_run(folder) if notes_of(folder / run_id).binned is None]


def every_run(folder: Path | None = None) -> list[str]:
    """The same with those in the bin."""
    folder = folder or runs_folder()
    changed: dict[str, int] = {}
    with suppress(OSError):
        for name in filter(is_run_id, os.listdir(folder)):  # noqa: PTH208 -- names alone are asked for
            with suppress(OSError):  # no run, or one that is being deleted
                changed[name] = os.stat(f"{folder}/{name}/config.json").st_mtime_ns  # noqa: PTH116
                changed[name] = os.stat(f"{folder}/{name}/status.json").st_mtime_ns  # noqa: PTH116
    return sorted(changed, key=lambda name: -changed[name])


def notes_of(path: Path) -> RunNotes:
    """What is said of the run in a folder, read again only when it has changed."""
    return _notes(f"{path}/{NOTES_FILE}") or _NOTHING


def readable_runs(folder: Path | None = None) -> Iterator[Run]:
    """Every readable run in a folder, newest first; a folder that is no run of ours is nobody's error."""
    folder = folder or runs_folder()
    for run_id in run_ids(folder):
        with suppress(UserError):
            yield Run(folder / run_id)


def active_run(folder: Path | None = None) -> str | None:
    """Id of a run under way, whoever trains it."""
    folder = folder or runs_folder()
    for run_id in run_ids(folder):
        if _ended(f"{folder}/{run_id}/status.json") is False:  # its file says so: whether it fell silent, the clock
            status = read_status(folder / run_id)
            if status is not None and status.active:
                return run_id
    return None
