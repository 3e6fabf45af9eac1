"""The secret of one server: what it signs cookies and marks with. Never shown, never in a run.

It stands in the runs folder, readable by its owner alone, so that a restarted server and a second one on the same
folder know their visitors again; `$ELBO_LAB_SECRET` takes its place.
"""

import hmac
import os
import secrets
import threading
from contextlib import suppress
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from training.system.folders import runs_folder

__all__ = ["fingerprint", "server_secret"]

SECRET_FILE = ".secret"
BYTES = 32
SHORTEST = 16  # characters of a secret that somebody chose
_making = threading.Lock()


def server_secret() -> bytes:
    """The server's secret, made at the first call; where nothing can be written it lasts as long as this process."""
    chosen = os.environ.get("ELBO_LAB_SECRET", "")
    if len(chosen) >= SHORTEST:
        return sha256(chosen.encode()).digest()
    folder = runs_folder()
    with _making:
        return _kept(folder / SECRET_FILE) or _made(folder) or _of_this_process()


def fingerprint(*parts: str) -> str:
    """What nobody without the secret can make of some texts: 32 hexadecimal digits."""
    message = "\0".join(parts).encode()
    return hmac.new(server_secret(), message, sha256).hexdigest()[:32]


def _kept(file: Path) -> bytes | None:
    """The secret in a file; None where there is none that could be one, or where others may have read it."""
    with suppress(OSError):
        if file.is_symlink():
            return None
        found = file.read_bytes()
        if len(found) == BYTES:
            if os.name == "posix" and file.stat().st_mode & 0o077:
                file.chmod(0o600)
            return found
    return None


def _made(folder: Path) -> bytes | None:
    """A new secret, kept whole or not at all; the one of another process, if that was faster."""
    beside = folder / f"{SECRET_FILE}.{secrets.token_hex(8)}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.write(handle, secrets.token_bytes(BYTES))
            os.fsync(handle)
        finally:
            os.close(handle)
        file = folder / SECRET_FILE
        if file.is_symlink() or (file.is_file() and _kept(file) is None):
            file.unlink()  # damaged
        with suppress(FileExistsError):
            file.hardlink_to(beside)
    except OSError:
        with suppress(OSError):  # a file system without links
            if not (folder / SECRET_FILE).exists():
                beside.replace(folder / SECRET_FILE)
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
    return _kept(folder / SECRET_FILE)


@lru_cache(maxsize=1)
def _of_this_process() -> bytes:
    return secrets.token_bytes(BYTES)
