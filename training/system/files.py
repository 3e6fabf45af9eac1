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

__all__ = ["keep_before", "open_plain", "plain_file", "plain_names", "replace_file", "replacing"]

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


def open_plain(path: Path) -> BinaryIO:
    """Open a file for reading if it is one of its own: a link, a pipe or a device is not followed and not waited for.

    Raises:
        OSError: there is none, it cannot be read, or it is something else.
    """
    flags = sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"))
    handle = os.open(path, os.O_RDONLY | flags)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "not a file", str(path))
    return os.fdopen(handle, "rb")


def plain_file(folder: Path, name: str) -> bytes:
    """What a file inside a folder holds, if it is a file of its own: no link on the way to it is followed.

    Arguments:
        name: with forward slashes.

    Raises:
        OSError: there is none, it cannot be read, or it leads elsewhere.
    """
    path = folder
    for part in name.split("/"):
        path = path / part
        if path.is_symlink():
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
    with open_plain(path) as file:
        return file.read()


def plain_names(folder: Path) -> list[str]:
    """Names of the files in a folder that are files of their own; none where the folder is a link or cannot be read."""
    with suppress(OSError):
        if not folder.is_symlink():
            with os.scandir(folder) as found:
                return [each.name for each in found if each.is_file(follow_symlinks=False)]
    return []
