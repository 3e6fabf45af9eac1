"""The teacher's key and the class's password: entered once in a workspace, compared in constant time, tried slowly."""

import hmac
import os
import threading
import time
from collections import deque
from hashlib import sha256
from typing import Literal

from training.people.server_secret import fingerprint
from training.people.workspaces import change_workspace, workspace_of
from training.system.errors import UserError

__all__ = ["Door", "enter", "is_admitted", "is_open", "is_teacher", "leave"]

Door = Literal["teacher", "class"]
KEYS: dict[Door, str] = {"teacher": "ELBO_LAB_TEACHER_KEY", "class": "ELBO_LAB_CLASS_PASSWORD"}
REMEMBERED: dict[Door, str] = {"teacher": "teacher", "class": "admitted"}
SHORTEST: dict[Door, int] = {"teacher": 8, "class": 4}
WRONG = {
    "teacher": "That is not the teacher's key: check it, and try again.",
    "class": "That is not the password: check it, and try again.",
}
TRIES, TRIES_OF_ALL, WINDOW_SECONDS = 5, 60, 60.0
SLOWED_SECONDS = 0.4
_tries: dict[str, deque[float]] = {}
_lock = threading.Lock()


def _key(door: Door) -> str:
    """What opens a door; "" where the server has none. A file may hold it: $ELBO_LAB_TEACHER_KEY_FILE.

    Raises:
        UserError: it is too short to protect anything, or its file cannot be read.
    """
    name = KEYS[door]
    if (path := os.environ.get(f"{name}_FILE")) and not os.environ.get(name):
        try:
            with open(path, encoding="utf-8") as opened:  # noqa: PTH123 -- as it is, with no path of ours
                key = opened.read(4096).strip()
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(f"The file that ${name}_FILE names cannot be read: put that right.") from error
    else:
        key = os.environ.get(name, "").strip()
    if 0 < len(key) < SHORTEST[door]:
        raise UserError(f"${name} has less than {SHORTEST[door]} characters: choose a longer one.")
    return key


def is_open(door: Door) -> bool:
    """Whether a server has no such key: then there is no teacher, or no password to ask for."""
    return not _key(door)


def is_teacher(owner: str) -> bool:
    """Whether the teacher's key was entered in a workspace, and still is the server's."""
    return not is_open("teacher") and _remembers(owner, "teacher")


def is_admitted(owner: str) -> bool:
    """Whether a workspace may enter: there is no password, or it was entered there, or the teacher's key was."""
    return is_open("class") or _remembers(owner, "class") or is_teacher(owner)


def _remembers(owner: str, door: Door) -> bool:
    kept = getattr(workspace_of(owner), REMEMBERED[door])
    return bool(kept) and hmac.compare_digest(kept, fingerprint(door, owner, _key(door)))


def enter(owner: str, door: Door, tried: str, address: str = "") -> None:
    """Try to open a door for a workspace.

    Arguments:
        address: where the visitor comes from; each may try five times a minute.

    Raises:
        UserError: the key is wrong, or there were too many tries, or the workspace cannot be written.
    """
    _slow_down(address)
    key = _key(door)
    same = hmac.compare_digest(sha256(tried.strip().encode()).digest(), sha256(key.encode()).digest())
    if not key or not same:
        raise UserError(WRONG[door])
    with _lock:
        _tries.pop(address, None)
    change_workspace(owner, **{REMEMBERED[door]: fingerprint(door, owner, key)})


def leave(owner: str, door: Door) -> None:
    """Close a door for a workspace again.

    Raises:
        UserError: the workspace cannot be written.
    """
    change_workspace(owner, **{REMEMBERED[door]: ""})


def _slow_down(address: str) -> None:
    now = time.monotonic()
    with _lock:
        for name in [name for name, times in _tries.items() if not times or now - times[-1] > WINDOW_SECONDS]:
            del _tries[name]
        recent = [each for times in _tries.values() for each in times if now - each < WINDOW_SECONDS]
        own = _tries.setdefault(address, deque(maxlen=TRIES))
        if len(recent) >= TRIES_OF_ALL or (len(own) == TRIES and now - own[0] < WINDOW_SECONDS):
            raise UserError("That was tried too often: wait a minute, then try again.")
        own.append(now)
    time.sleep(SLOWED_SECONDS)
