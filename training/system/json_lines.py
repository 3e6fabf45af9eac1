"""Files of one JSON object a line, written by appending: whoever reads them again reads only what is new.

A line that a crash left incomplete, or that is no object, is skipped.
"""

import json
import threading
from collections import OrderedDict
from pathlib import Path
from typing import Any, NamedTuple

from training.system.files import open_plain

__all__ = ["append_row", "row_in", "rows_of"]

KEPT_FILES = 32
END_BYTES = 256


class _Read(NamedTuple):
    """So many bytes of a file, the last of which are `end`."""

    size: int
    end: bytes
    rows: list[dict[str, Any]]


_read: "OrderedDict[Path, _Read]" = OrderedDict()
_lock = threading.Lock()


def row_in(line: bytes) -> dict[str, Any] | None:
    """The object in a line; None where the line is damaged."""
    try:
        row = json.loads(line)
    except ValueError:
        return None
    return row if isinstance(row, dict) else None


def rows_of(file: Path) -> list[dict[str, Any]]:
    """Every whole line's object, none where the file cannot be read; they are shared, so leave them as they are."""
    with _lock:
        known = _read.pop(file, None) or _Read(0, b"", [])
        try:
            with open_plain(file) as opened:
                opened.seek(known.size - len(known.end))
                new = opened.read()
                if not new.startswith(known.end):  # another file by now
                    known = _Read(0, b"", [])
                    opened.seek(0)
                    new = opened.read()
        except OSError:
            return []
        whole = new[len(known.end) : new.rfind(b"\n") + 1]
        rows = [*known.rows, *filter(None, map(row_in, whole.splitlines()))]
        _read[file] = _Read(known.size + len(whole), (known.end + whole)[-END_BYTES:], rows)
        if len(_read) > KEPT_FILES:
            _read.popitem(last=False)
        last = row_in(new[max(len(known.end), new.rfind(b"\n") + 1) :])  # whole, or still being written
        return rows if last is None else [*rows, last]


def append_row(file: Path, row: dict[str, Any]) -> None:
    """Add a line; one that a crash left incomplete is closed first.

    Raises:
        OSError: it cannot be written.
    """
    line = json.dumps(row).encode() + b"\n"
    with file.open("ab+") as opened:
        if opened.tell() and _last_byte(file) != b"\n":
            line = b"\n" + line
        opened.write(line)


def _last_byte(file: Path) -> bytes:
    with file.open("rb") as opened:
        opened.seek(-1, 2)
        return opened.read(1)
