"""The one place that says who may do what with a run. Everything that lists, opens or changes runs asks here.

| | see | train another from it | change: control, resume, rename, delete, share |
|---|---|---|---|
| own run | yes | yes | yes |
| the machine's run | yes | yes | from the machine itself (`Viewer.local`) |
| another's run, published or by its share link | yes | where its owner allows it | no |
| any other run | no: as if there were none | no | no |
| any run, for the machine and the teacher | yes | yes | yes |
"""

from collections.abc import Iterator
from contextlib import suppress
from os import listdir
from pathlib import Path
from typing import Literal

from training.people.places import is_run_id, owner_of, owners, place_of
from training.people.sharing import Share, change_share, opens, share_of, shares_in
from training.people.viewer import Viewer, viewer
from training.system.errors import UserError
from training.system.folders import runs_folder

__all__ = [
    "Action",
    "absent",
    "find_run",
    "may",
    "own_place",
    "require",
    "run_folder",
    "share_run",
    "visible_runs",
    "whose",
]

Action = Literal["see", "fork", "change"]
Whose = Literal["own", "machine", "published", "another's"]
REFUSED = {
    "fork": "The owner of this run has not allowed others to train from it: ask them to, or train one of your own.",
    "change": "This run is not yours: you can look at it, but not change it.",
}


def may(somebody: Viewer, action: Action, run: Path) -> bool:
    """Whether somebody may do something with the run in a folder of the runs folder."""
    owner = owner_of(run)
    if somebody.may_do_everything or (owner and owner == somebody.owner):
        return True
    if not owner:
        return action != "change" or somebody.local
    share = share_of(run)
    return _sees(somebody, owner, run.name, share) and (action == "see" or (action == "fork" and share.forks))


def absent(run_id: str) -> UserError:
    """What is said of a run that is not there, and of one that somebody may not see: the same."""
    return UserError(f"{run_id} holds no training run that can be read: choose another.")


def _sees(somebody: Viewer, owner: str, run_id: str, share: Share) -> bool:
    return share.published or opens(share, somebody.links.get(f"{owner}/{run_id}", ""))


def require(action: Action, run: Path, somebody: Viewer | None = None) -> None:
    """Make sure that somebody, or whoever asks in this thread, may do something with the run in a folder.

    Raises:
        UserError: it is not allowed; of a run that is not theirs to see, the sentence for a run that is not there.
    """
    somebody = somebody or viewer()
    if not may(somebody, "see", run):
        raise absent(run.name)
    if not may(somebody, action, run):
        raise UserError(REFUSED[action])


def own_place(root: Path | None = None, somebody: Viewer | None = None) -> Path:
    """The folder for new runs of somebody, or of whoever asks in this thread."""
    return place_of((somebody or viewer()).owner, root)


def visible_runs(root: Path | None = None, somebody: Viewer | None = None) -> Iterator[Path]:
    """Folders that may hold runs which somebody may see: the own ones, the machine's, then others'. No id comes twice.

    Arguments:
        root: the runs folder, if it is not the server's.
    """
    somebody, root = somebody or viewer(), root or runs_folder()
    seen = set[str]()
    for place in dict.fromkeys([place_of(somebody.owner, root), root]):
        for run_id in _names_in(place):
            if run_id not in seen:
                seen.add(run_id)
                yield place / run_id
    for owner in owners(root):
        if owner == somebody.owner:
            continue
        place = root / owner
        shares = shares_in(place)
        names = _names_in(place) if somebody.may_do_everything else list(shares)
        for run_id in filter(is_run_id, names):
            visible = somebody.may_do_everything or _sees(somebody, owner, run_id, shares[run_id])
            if visible and run_id not in seen:
                seen.add(run_id)
                yield place / run_id


def find_run(run_id: str, root: Path | None = None, somebody: Viewer | None = None) -> Path | None:
    """The folder of the run with an id, as far as somebody may see it; an id is never taken as a path."""
    if not is_run_id(run_id):
        return None
    somebody, root = somebody or viewer(), root or runs_folder()
    for place in dict.fromkeys([place_of(somebody.owner, root), root]):
        if (place / run_id / "config.json").exists():
            return place / run_id
    for owner in owners(root):
        run = root / owner / run_id
        if (run / "config.json").exists() and may(somebody, "see", run):
            return run
    return None


def run_folder(run_id: str, action: Action = "see") -> Path:
    """The folder of the run with an id, for whoever asks in this thread to do something with it.

    Raises:
        UserError: there is none that they may see, or they may not do that.
    """
    path = find_run(run_id)
    if path is None:
        raise absent(run_id)
    require(action, path)
    return path


def share_run(
    run: Path, *, published: bool | None = None, link: bool | None = None, forks: bool | None = None
) -> Share:
    """Change who may see a run of a workspace, for whoever asks in this thread; see `change_share`.

    Raises:
        UserError: it is not theirs to change, or the workspace cannot be written.
    """
    require("change", run)
    return change_share(run, published=published, link=link, forks=forks)


def whose(run: Path) -> Whose:
    """Whose a run is to whoever asks in this thread, who may see it; with a machine's run the machine's visitor's."""
    somebody, owner = viewer(), owner_of(run)
    if owner == somebody.owner or (not owner and somebody.local):
        return "own"
    if not owner:
        return "machine"
    return "published" if share_of(run).published else "another's"


def _names_in(place: Path) -> list[str]:
    with suppress(OSError):
        return [name for name in listdir(place) if is_run_id(name)]  # noqa: PTH208 -- names alone are asked for
    return []
