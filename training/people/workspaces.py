"""What a workspace remembers of its visitor: the keys that were entered there, and the share links that were opened.

A key is remembered as a fingerprint that fits this workspace and this key alone: it ends when the key is changed.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from training.people.places import every_place, is_run_id, owner_of, place_of
from training.people.records import change_file, read_file
from training.people.sharing import is_token, opens, share_of
from training.system.remembered import Remembered

__all__ = ["Workspace", "change_workspace", "open_link", "workspace_of"]

FILE = "workspace.json"
MOST_LINKS = 100


class Workspace(BaseModel):
    """What a workspace remembers.

    Attributes:
        teacher, admitted: fingerprints of the teacher's key and of the class's password, once they were entered.
        links: of the runs that share links opened, as "owner/id", the token of each; the newest last.
    """

    model_config = ConfigDict(frozen=True)

    teacher: str = ""
    admitted: str = ""
    links: Annotated[dict[str, str], Field(max_length=MOST_LINKS)] = {}


EMPTY = Workspace()
_read = Remembered(lambda file: read_file(file, Workspace))


def workspace_of(owner: str) -> Workspace:
    """What somebody's workspace remembers; nothing where it has never been written."""
    return _read(place_of(owner) / FILE) or EMPTY if owner else EMPTY


def change_workspace(owner: str, **changes: object) -> Workspace:
    """Let a workspace remember something else; what is not named stays.

    Raises:
        UserError: it cannot be written.
    """

    def change(before: Workspace) -> Workspace:
        return Workspace.model_validate(before.model_dump() | changes)

    return change_file(place_of(owner) / FILE, Workspace, change)


def open_link(owner: str, run_id: str, token: object) -> bool:
    """Let a workspace see the run that a share link opens; whether the link is good.

    Raises:
        UserError: the workspace cannot be written.
    """
    if not is_run_id(run_id) or not isinstance(token, str) or not is_token(token):
        return False
    for place in every_place()[1:]:
        run = place / run_id
        if opens(share_of(run), token) and run.is_dir():
            name = f"{owner_of(run)}/{run_id}"
            kept = workspace_of(owner).links
            if kept.get(name) != token and owner_of(run) != owner:
                links = {key: each for key, each in kept.items() if key != name}
                change_workspace(owner, links=dict([*links.items(), (name, token)][-MOST_LINKS:]))
            return True
    return False
