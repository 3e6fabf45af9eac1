"""Writing files so that an interrupted write never costs the last good one."""

import errno
import os
import shutil
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

__all__ = ["keep_before", "plain_file", "replace_file", "replacing"]

PATIENCE_SECONDS = 1.0


@contextmanager
def replacing(path: Path, *, sync: bool = True) -> Iterator[BinaryIO]:
    """Write a file beside `path` and put it in its place only when it is whole.

    Arguments:
        sync: wait until the disk has it; not worth it for what is rewritten every second.

    Raises:
        OSError: it cannot be written; `path` may name a folder, as ".", ".." and "/" always do.
    """
    if path.name in ("", ".."):  # nothing can be written beside these
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    beside = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.part")
    try:
        with beside.open("wb") as file:
            yield file
            if sync:
                file.flush()
                os.fsync(file.fileno())
        _put_in_place(beside, path)
        if sync:
            _sync_folder(path.parent)
    finally:
        beside.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """Let the disk know the new name too, where the system can (Windows does it by itself)."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _put_in_place(beside: Path, path: Path) -> None:
    """Rename, with patience: Windows refuses while anybody has the old file open for reading."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            beside.replace(path)
            return
        except PermissionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def replace_file(path: Path, content: bytes, *, sync: bool = True) -> None:
    """Replace a file's whole content; see `replacing`."""
    with replacing(path, sync=sync) as file:
        file.write(content)


def keep_before(path: Path, before: Path) -> None:
    """Keep a file's content under a second name before the file is replaced.

    Raises:
        OSError: there is none, or it cannot be written.
    """
    before.unlink(missing_ok=True)
    try:
        before.hardlink_to(path)
    except FileNotFoundError:
        raise
    except OSError:  # not every file system has links
        shutil.copyfile(path, before)


def plain_file(folder: Path, name: str) -> bytes:
    """What a file inside a folder holds, if it is a file of its own: a link on the way, or a device, is not followed.

    Arguments:
        name: with forward slashes.

    Raises:
        OSError: there is none, it cannot be read, or it leads elsewhere.
    """
    path = folder
    for part in name.split("/"):
        path = path / part
        if stat.S_ISLNK(path.lstat().st_mode):
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
    handle = os.open(
        path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    )
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "not a file", str(path))
        return file.read()
