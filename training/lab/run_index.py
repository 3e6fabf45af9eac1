"""Which runs there are, and which one is under way. Light (no torch), so that a page can list them at once.

Of a thousand runs every page asks several times a visit: what was read of a file is kept until it changes.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from training.lab.run_notes import NOTES_FILE, RunNotes, notes_in
from training.people.rights import own_place, visible_runs
from training.people.viewer import MACHINE
from training.runs.run_folder import Run, read_status
from training.system.errors import UserError
from training.system.remembered import Remembered

__all__ = [
    "active_run",
    "every_run",
    "every_run_folder",
    "notes_of",
    "readable_runs",
    "run_folders",
    "run_ids",
]

_NOTHING = RunNotes()
_notes = Remembered(notes_in)
_ended = Remembered(lambda file: not ((status := read_status(file.parent)) is not None and status.active))


def run_folders(folder: Path | None = None, *, everybody: bool = False) -> list[Path]:
    """The folders of the runs that whoever asks may see, the one that changed last first; none in the bin.

    Arguments:
        folder: the runs folder, if it is not the server's; one that cannot be read holds none.
        everybody: those that somebody else alone may see too, for what the whole server does.
    """
    return [path for path in every_run_folder(folder, everybody=everybody) if notes_of(path).binned is None]


def every_run_folder(folder: Path | None = None, *, everybody: bool = False) -> list[Path]:
    """The same with those in the bin."""
    changed: dict[Path, int] = {}
    for path in visible_runs(folder, MACHINE if everybody else None):
        with suppress(OSError):  # no run, or one that is being deleted
            changed[path] = os.stat(f"{path}/config.json").st_mtime_ns  # noqa: PTH116 -- thousands of them
            changed[path] = os.stat(f"{path}/status.json").st_mtime_ns  # noqa: PTH116
    return sorted(changed, key=lambda path: -changed[path])


def run_ids(folder: Path | None = None) -> list[str]:
    """The ids of `run_folders`."""
    return [path.name for path in run_folders(folder)]


def every_run(folder: Path | None = None) -> list[str]:
    """The same with those in the bin."""
    return [path.name for path in every_run_folder(folder)]


def notes_of(path: Path) -> RunNotes:
    """What is said of the run in a folder, read again only when it has changed."""
    return _notes(f"{path}/{NOTES_FILE}") or _NOTHING


def readable_runs(folder: Path | None = None, *, everybody: bool = False) -> Iterator[Run]:
    """Every readable run of `run_folders`; a folder that is no run of ours is nobody's error."""
    for path in run_folders(folder, everybody=everybody):
        with suppress(UserError):
            yield Run(path)


def active_run(folder: Path | None = None) -> str | None:
    """Id of a run under way that whoever asks may see, an own one first, whoever trains it."""
    own = own_place(folder)
    for path in sorted(run_folders(folder), key=lambda path: path.parent != own):
        if _ended(f"{path}/status.json") is False:  # its file says so: whether it fell silent, the clock
            status = read_status(path)
            if status is not None and status.active:
                return path.name
    return None
