"""What of a workspace others may see: runs published to everybody on the server, and runs behind a share link.

It stands beside the runs (`runs/@<owner>/sharing.json`), so that no file of a run decides who sees the run.
"""

import hmac
import re
import secrets
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from training.people.places import is_run_id, owner_of
from training.people.records import change_file, read_file
from training.system.remembered import Remembered

__all__ = ["Share", "change_share", "is_token", "opens", "share_of", "shares_in"]

FILE = "sharing.json"
MOST = 2000  # runs of one workspace
_TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")


class Share(BaseModel):
    """Who may see one run besides its owner.

    Attributes:
        published: everybody on the server.
        token: whoever has the link that holds it; "" where there is none.
        forks: those who see it may also train another run from its weights.
    """

    model_config = ConfigDict(frozen=True)

    published: bool = False
    token: Annotated[str, Field(max_length=22)] = ""
    forks: bool = False


class _Shares(BaseModel):
    runs: Annotated[dict[str, Share], Field(max_length=MOST)] = {}


NOBODY, NONE = Share(), _Shares()
_read = Remembered(lambda file: read_file(file, _Shares))


def is_token(text: object) -> bool:
    """Whether a text can be the token of a share link."""
    return isinstance(text, str) and _TOKEN.fullmatch(text) is not None


def shares_in(place: Path) -> dict[str, Share]:
    """What is shared of a workspace, by the ids of its runs."""
    return (_read(place / FILE) or NONE).runs


def share_of(run: Path) -> Share:
    """Who may see the run in a folder. The machine's runs are everybody's to see, and shared with nobody."""
    return shares_in(run.parent).get(run.name, NOBODY) if owner_of(run) else NOBODY


def opens(share: Share, token: str) -> bool:
    """Whether a token is that of a share link."""
    return bool(share.token) and hmac.compare_digest(share.token.encode(), token.encode())


def change_share(
    run: Path, *, published: bool | None = None, link: bool | None = None, forks: bool | None = None
) -> Share:
    """Change who may see a run; what is not named stays. A link that is taken back never opens again.

    Raises:
        UserError: the workspace cannot be written.
        ValueError: the run belongs to no workspace.
    """
    if not owner_of(run):
        raise ValueError("a run of the machine is everybody's to see")

    def change(before: _Shares) -> _Shares:
        now = before.runs.get(run.name, NOBODY)
        token = now.token if link is None or (link and now.token) else secrets.token_urlsafe(16) if link else ""
        changed = Share(
            published=now.published if published is None else published,
            token=token,
            forks=now.forks if forks is None else forks,
        )
        there = {name: share for name, share in before.runs.items() if _lives(run.parent, name, share)}
        return _Shares(runs={**there, run.name: changed})

    return change_file(run.parent / FILE, _Shares, change).runs[run.name]


def _lives(place: Path, run_id: str, share: Share) -> bool:
    """Whether something need be remembered of a run: it is still there, and somebody else may see it."""
    return is_run_id(run_id) and share != NOBODY and (place / run_id).is_dir()
