"""One writer a folder: a lock that the system itself takes back when its process dies, however it dies."""

import platform
from pathlib import Path

from filelock import FileLock, Timeout

__all__ = ["LOCK", "hold", "is_held", "this_machine"]

LOCK = ".lock"
A_LOOK = 0.5  # seconds; somebody who only looks whether it is held, holds it for less


def hold(folder: Path) -> FileLock | None:
    """Lock a folder until the lock is released or this process ends; None where another one holds it.

    Raises:
        OSError: nothing can be written there.
    """
    lock = FileLock(folder / LOCK, thread_local=False)
    try:
        lock.acquire(timeout=A_LOOK, poll_interval=0.01)
    except Timeout:
        return None
    return lock


def is_held(folder: Path) -> bool | None:
    """Whether somebody holds a folder's lock; None where that cannot be found out."""
    if not (folder / LOCK).exists():
        return False
    lock = FileLock(folder / LOCK, thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    except (OSError, NotImplementedError):
        return None
    lock.release()
    return False


def this_machine() -> str:
    """The name under which this machine knows itself."""
    return platform.node()
