"""Folders for a while in the system's temporary folder: each names the process that made it.

One that a killed process has left is known by that, and swept.
"""

import os
import re
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path

__all__ = ["prefix", "sweep_scratch"]

NAME = "elbo-lab-"
OLD_SECONDS = 2 * 24 * 3600.0  # of one that names no process
_OF_A_PROCESS = re.compile(rf"{NAME}(\d{{1,10}})-.+")


def prefix() -> str:
    """How the name of a temporary file or folder begins, for `tempfile`."""
    return f"{NAME}{os.getpid()}-"


def sweep_scratch(folder: Path | None = None, now: float | None = None) -> list[str]:
    """Delete what processes that are gone have left; the names of what is gone.

    Another user's files, links, and whatever a living process has made stay.

    Arguments:
        folder: the temporary folder, if not the system's.
        now: seconds since 1970.
    """
    now, gone = time.time() if now is None else now, []
    for path in sorted((folder or Path(tempfile.gettempdir())).glob(f"{NAME}*")):
        with suppress(OSError):
            found = path.lstat()
            if path.is_symlink() or (hasattr(os, "getuid") and found.st_uid != os.getuid()):
                continue
            if (made := _OF_A_PROCESS.fullmatch(path.name)) is not None and os.name == "posix":
                left = not _is_alive(int(made[1]))
            else:
                left = now - found.st_mtime > OLD_SECONDS
            if left:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
                gone.append(path.name)
    return gone


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
