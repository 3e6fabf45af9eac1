"""Where runs live: the machine's own straight in the runs folder, each visitor's in a folder of its workspace.

    runs/<id>/             a run of the machine: made by a command, or before there were workspaces
    runs/@<owner>/<id>/    a run of a visitor
    runs/@<owner>/workspace.json, sharing.json, uploads/

No run is ever named like a workspace, and no id is given twice in all of them. Light (no torch).
"""

import os
import re
from contextlib import suppress
from pathlib import Path

from training.system.folders import runs_folder

__all__ = ["every_place", "is_owner", "is_run_id", "owner_of", "owners", "place_of", "root_of"]

_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._=-]{0,99}")
_OWNER = re.compile(r"@[0-9a-f]{20}")


def is_run_id(text: str) -> bool:
    """Whether a text can name a run; nothing that could leave the runs folder can."""
    return _RUN_ID.fullmatch(text) is not None


def is_owner(text: str) -> bool:
    """Whether a text can name a workspace's folder."""
    return _OWNER.fullmatch(text) is not None


def place_of(owner: str, root: Path | None = None) -> Path:
    """The folder of somebody's runs; it need not be there yet.

    Raises:
        ValueError: no workspace can be named so.
    """
    if owner and not is_owner(owner):
        raise ValueError("no workspace is named so")
    root = root or runs_folder()
    return root / owner if owner else root


def root_of(place: Path) -> Path:
    """The runs folder that a place is in."""
    return place.parent if is_owner(place.name) else place


def owner_of(run: Path) -> str:
    """Whose a run folder is; "" is the machine."""
    return run.parent.name if is_owner(run.parent.name) else ""


def owners(root: Path | None = None) -> list[str]:
    """Everybody who has a workspace here, without the machine; a link to a folder elsewhere is none."""
    with suppress(OSError), os.scandir(root or runs_folder()) as found:
        return sorted(each.name for each in found if is_owner(each.name) and each.is_dir(follow_symlinks=False))
    return []


def every_place(root: Path | None = None) -> list[Path]:
    """The folders of everybody's runs, the machine's first."""
    root = root or runs_folder()
    return [root, *(root / owner for owner in owners(root))]
