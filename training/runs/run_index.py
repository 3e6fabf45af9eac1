"""Which runs there are, and which one is under way. Light (no torch), so that a page can list them at once."""

import json
import re
import time
from contextlib import suppress
from pathlib import Path

from training.system.folders import runs_folder

__all__ = ["SILENT_SECONDS", "active_run", "is_run_id", "run_ids"]

SILENT_SECONDS = 30.0
_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._=-]{0,99}")


def is_run_id(text: str) -> bool:
    """Whether a text can name a run; nothing that could leave the runs folder can."""
    return _RUN_ID.fullmatch(text) is not None


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


def active_run(folder: Path | None = None) -> str | None:
    """Id of a run under way, whoever trains it; a run whose heartbeat fell silent is not."""
    folder = folder or runs_folder()
    for run_id in run_ids(folder):
        with suppress(OSError, ValueError, TypeError, AttributeError):  # a torn status is nobody's sign of life
            status = json.loads((folder / run_id / "status.json").read_bytes())
            if status.get("state") in ("queued", "running") and time.time() - status["updated"] <= SILENT_SECONDS:
                return run_id
    return None
