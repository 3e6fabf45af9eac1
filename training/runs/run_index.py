"""Which runs there are, and which one is under way. Light (no torch), so that a page can list them at once."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from training.runs.run_folder import Run, is_run_id, read_status
from training.system.errors import UserError
from training.system.folders import runs_folder

__all__ = ["active_run", "new_run_id", "readable_runs", "run_ids"]


def run_ids(folder: Path | None = None) -> list[str]:
    """Ids of the runs in a folder, the one that changed last first; none where the folder cannot be read."""
    folder = folder or runs_folder()
    changed: dict[str, int] = {}
    with suppress(OSError):
        for path in folder.iterdir():
            if is_run_id(path.name):
                with suppress(OSError):  # no run, or one that is being deleted
                    changed[path.name] = (path / "config.json").stat().st_mtime_ns
                    changed[path.name] = (path / "status.json").stat().st_mtime_ns
    return sorted(changed, key=lambda name: -changed[name])


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
        status = read_status(folder / run_id)
        if status is not None and status.active:
            return run_id
    return None


def new_run_id(preset: str, folder: Path) -> str:
    """A readable id that is free in `folder`: the preset and the time, such as vae-20260131-142501."""
    stem = f"{preset}-{datetime.now():%Y%m%d-%H%M%S}"
    return next(name for name in _numbered(stem) if not (folder / name).exists())


def _numbered(stem: str) -> Iterator[str]:
    yield stem
    yield from (f"{stem}-{number}" for number in range(2, 10_000))
