"""Writing files so that a torn write never costs the last good one."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

__all__ = ["replace_file", "replacing"]


@contextmanager
def replacing(path: Path, *, sync: bool = True) -> Iterator[BinaryIO]:
    """Write a file beside `path` and put it in its place only when it is whole.

    Arguments:
        sync: wait until the disk has it; not worth it for what is rewritten every second.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.part")
    try:
        with beside.open("wb") as file:
            yield file
            if sync:
                file.flush()
                os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def replace_file(path: Path, content: bytes, *, sync: bool = True) -> None:
    """Replace a file's whole content; see `replacing`."""
    with replacing(path, sync=sync) as file:
        file.write(content)
