"""The cookie that names a visitor's workspace: an unguessable id, when it was given, and the server's signature.

    <id: 22 letters>.<seconds since 1970>.<signature: 32 hexadecimal digits>

Whoever has the cookie has the workspace, so nothing but the browser and the server ever sees the id: a workspace's
folder is named by a hash of it. The cookie's name depends on the server's secret: two servers on one host, whose
cookies share a jar whatever their ports, do not overwrite each other's.
"""

import hmac
import re
import secrets
import time
from hashlib import sha256

from training.people.server_secret import fingerprint

__all__ = [
    "LONGEST_SECONDS",
    "RENEWED_SECONDS",
    "cookie_name",
    "cookie_value",
    "new_workspace_id",
    "owner_of_id",
    "read_cookie",
]

LONGEST_SECONDS = 400 * 24 * 3600  # browsers keep none longer
RENEWED_SECONDS = 30 * 24 * 3600  # one older than this is given anew, with the same id
SKEW_SECONDS = 24 * 3600  # between the clocks of two servers on one runs folder
_COOKIE = re.compile(r"([A-Za-z0-9_-]{22})\.(\d{1,12})\.([0-9a-f]{32})")


def cookie_name() -> str:
    """Such as elbo-lab-5f0c9a17."""
    return f"elbo-lab-{fingerprint('cookie name')[:8]}"


def new_workspace_id() -> str:
    """128 random bits."""
    return secrets.token_urlsafe(16)


def cookie_value(workspace_id: str, now: float | None = None) -> str:
    """The signed cookie of a workspace.

    Arguments:
        now: seconds since 1970.
    """
    given = str(int(time.time() if now is None else now))
    return f"{workspace_id}.{given}.{fingerprint('workspace', workspace_id, given)}"


def read_cookie(value: object, now: float | None = None) -> tuple[str, float] | None:
    """The id in a cookie and its age in seconds; None where it is forged, from another server, or too old."""
    found = _COOKIE.fullmatch(value) if isinstance(value, str) else None
    if found is None or not hmac.compare_digest(found[3], fingerprint("workspace", found[1], found[2])):
        return None
    age = (time.time() if now is None else now) - int(found[2])
    return (found[1], age) if -SKEW_SECONDS <= age <= LONGEST_SECONDS else None


def owner_of_id(workspace_id: str) -> str:
    """The name of a workspace's folder; it tells nobody the id."""
    return "@" + sha256(f"workspace {workspace_id}".encode()).hexdigest()[:20]
