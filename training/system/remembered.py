"""What was read of files, kept for as long as they are unchanged."""

import os
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

__all__ = ["Remembered"]

T = TypeVar("T")
Stamp = tuple[int, int, int]  # last change, size, number of the file: a replaced file has another


class Remembered(Generic[T]):
    """Reads a file once, and again only when it has changed.

    Arguments:
        read: what a file is read as; called with its path.
        most: how many files are kept; the one that was asked for longest ago leaves first.
    """

    def __init__(self, read: Callable[[Path], T], *, most: int = 20_000) -> None:
        self._read, self._most = read, most
        self._kept: OrderedDict[str, tuple[Stamp, T]] = OrderedDict()

    def __call__(self, file: str | Path) -> T | None:
        """What the file holds; None where there is no such file."""
        name = os.fspath(file)
        try:
            found = os.lstat(name)  # a path object for each of thousands of files takes far longer
        except (OSError, ValueError):
            self._kept.pop(name, None)
            return None
        stamp = (found.st_mtime_ns, found.st_size, found.st_ino)
        kept = self._kept.get(name)
        if kept is None or kept[0] != stamp:
            kept = self._kept[name] = stamp, self._read(Path(name))
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return kept[1]
