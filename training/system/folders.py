"""Where things live, and their names. Light (no torch), so that a page can list what there is at once."""

import json
import os
import re
import time
from contextlib import suppress
from pathlib import Path

__all__ = [
    "PRETRAINED",
    "PROJECT",
    "SILENT_SECONDS",
    "active_run",
    "data_folder",
    "fact_of",
    "is_run_id",
    "pretrained_names",
    "run_ids",
    "runs_folder",
]

SILENT_SECONDS = 30.0
PROJECT = Path(__file__).resolve().parents[2]
PRETRAINED = PROJECT / "pretrained"
_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._=-]{0,99}")


def data_folder() -> Path:
    """Where data sets live: $ELBO_LAB_DATA, else `data/` in the project."""
    return Path(os.environ.get("ELBO_LAB_DATA") or PROJECT / "data").expanduser()


def runs_folder() -> Path:
    """Where runs live: $ELBO_LAB_RUNS, else `runs/` in the project."""
    return Path(os.environ.get("ELBO_LAB_RUNS") or PROJECT / "runs").expanduser()


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


def fact_of(folder: Path, name: str) -> str:
    """What a shipped model's card or a run's config says under "data" or "family"; empty where neither does."""
    for file in ("card.json", "config.json"):
        with suppress(OSError, ValueError, AttributeError):
            return str(json.loads((folder / file).read_bytes()).get(name, ""))
    return ""


def pretrained_names() -> list[str]:
    """Names of the shipped models: the VAE first, the others in alphabetical order."""
    names = [path.parent.name for path in PRETRAINED.glob("*/model.safetensors")]
    return sorted(names, key=lambda name: (name != "vae", name))
