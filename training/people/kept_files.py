"""The files that a visitor uploaded, kept in the workspace: a reload, and a restarted server, find them again.

Only what was admitted is kept, as plain tensors; whoever reads it again does so in quarantine, as the first time.
"""

import re
from contextlib import suppress
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from training.people.places import place_of
from training.people.records import change_file, read_file
from training.people.viewer import Viewer
from training.system.remembered import Remembered

__all__ = ["KeptFile", "forget_file", "keep_file", "kept_files", "kept_folder"]

FOLDER, INDEX = "uploads", "uploads.json"
MOST = 50
_NAME = re.compile(r"[\w][\w.-]{0,79}")


class KeptFile(BaseModel):
    """What is known of a kept file: its model's family, data set, and the digest of its tensors' file."""

    model_config = ConfigDict(frozen=True)

    family: Annotated[str, Field(max_length=100)]
    data: Annotated[str, Field(max_length=100)]
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class _Index(BaseModel):
    files: Annotated[dict[str, KeptFile], Field(max_length=MOST)] = {}


NONE = _Index()
_read = Remembered(lambda file: read_file(file, _Index))


def kept_folder(somebody: Viewer) -> Path | None:
    """Where somebody's uploads are kept; None for the machine itself, which has no workspace."""
    return place_of(somebody.owner) / FOLDER if somebody.owner else None


def kept_files(somebody: Viewer) -> dict[str, tuple[Path, KeptFile]]:
    """Somebody's kept files by their names, each with its place; none whose file is gone or is a link."""
    folder = kept_folder(somebody)
    if folder is None or folder.is_symlink():
        return {}
    found = {
        name: (folder / f"{name}.safetensors", kept) for name, kept in (_read(folder / INDEX) or NONE).files.items()
    }
    return {
        name: (file, kept)
        for name, (file, kept) in found.items()
        if _NAME.fullmatch(name) and file.is_file() and not file.is_symlink()
    }


def keep_file(somebody: Viewer, name: str, kept: KeptFile) -> None:
    """Keep a file that lies in `kept_folder` already.

    Raises:
        UserError: the workspace cannot be written.
    """
    if (folder := kept_folder(somebody)) is not None:
        change_file(folder / INDEX, _Index, lambda index: _Index(files={**index.files, name: kept}))


def forget_file(somebody: Viewer, name: str) -> None:
    """Delete a kept file.

    Raises:
        UserError: the workspace cannot be written.
    """
    if (folder := kept_folder(somebody)) is None or name not in kept_files(somebody):
        return
    rest = {other: kept for other, (_, kept) in kept_files(somebody).items() if other != name}
    change_file(folder / INDEX, _Index, lambda index: _Index(files=rest))
    with suppress(OSError):
        (folder / f"{name}.safetensors").unlink(missing_ok=True)
