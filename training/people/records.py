"""Small files of a workspace, changed by one writer at a time and replaced whole."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from training.system.errors import UserError
from training.system.files import replace_file
from training.system.locks import hold

__all__ = ["change_file", "read_file"]

MOST_BYTES = 256 * 1024
PATIENCE_SECONDS = 5.0
Record = TypeVar("Record", bound=BaseModel)


def read_file(file: Path, kind: type[Record]) -> Record:
    """What a file holds; an empty record where it is missing, damaged, too long, or a link to another file."""
    try:
        if file.is_symlink():
            return kind()
        with file.open("rb") as opened:
            text = opened.read(MOST_BYTES + 1)
        return kind.model_validate_json(text) if len(text) <= MOST_BYTES else kind()
    except (OSError, ValidationError):
        return kind()


def change_file(file: Path, kind: type[Record], change: Callable[[Record], Record]) -> Record:
    """Replace what a file holds by what a function makes of it; its folder is made where it is missing.

    Raises:
        UserError: it cannot be written.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with _alone(file.parent):
            changed = change(read_file(file, kind))
            replace_file(file, changed.model_dump_json(indent=2).encode())
    except OSError as error:
        raise UserError(f"Nothing can be written into the runs folder ({error.strerror}): put that right.") from error
    return changed


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (lock := hold(folder)) is None:
        if time.monotonic() > deadline:
            raise UserError("Somebody else changes this workspace now: try again.")
    with lock:
        yield
