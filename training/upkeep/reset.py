"""A clean state for the next class: workspaces and rooms are set aside, and can be put back.

    runs/.aside/<when>/@<owner>/    the workspaces, as they were
    runs/.aside/<when>/rooms.json   the rooms with their questions and guesses

What was made by commands stays, and so do lessons, and the workspace of whoever resets.
"""

import json
import re
import shutil
import sqlite3
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from training.classroom.database import opened
from training.lab.launch import Launcher
from training.lab.queue import active_runs
from training.people.places import is_owner, owners
from training.people.viewer import viewer
from training.runs.run_folder import Run
from training.system.errors import UserError
from training.system.files import replace_file
from training.system.folders import runs_folder
from training.system.locks import LOCK
from training.upkeep.usage import require_in_charge

__all__ = ["Aside", "delete_aside", "names_aside", "put_back", "reset", "set_aside", "sets_aside", "stop_all"]

FOLDER, ROOMS = ".aside", "rooms.json"
PATIENCE_SECONDS = 20.0
_WHEN = re.compile(r"\d{8}-\d{6}")
TABLES = ("room", "question", "guess")


class Aside(NamedTuple):
    """What was set aside at a time, which is its name: so many workspaces and rooms."""

    name: str
    workspaces: int
    rooms: int


def stop_all(launcher: Launcher, *, but: str | None = None) -> int:
    """Stop every training that waits, runs or is paused; how many there were.

    Arguments:
        but: of everybody but this workspace and the machine.

    Raises:
        UserError: it is not for whoever asks.
    """
    require_in_charge()
    found = [run for run in active_runs(runs_folder()) if but is None or run.owner not in ("", but)]
    for run in found:
        with suppress(UserError):
            launcher.stop(Run(run.path))
    return len(found)


def reset(launcher: Launcher) -> Aside:
    """Stop everybody's trainings, and set all workspaces and rooms aside but those of whoever asks.

    Raises:
        UserError: it is not for whoever asks, a training does not end, or the runs folder cannot be written.
    """
    require_in_charge()
    own, deadline = viewer().owner, time.monotonic() + PATIENCE_SECONDS
    while stop_all(launcher, but=own):
        if time.monotonic() > deadline:
            raise UserError("Some trainings have not ended yet: try again in a moment.")
        time.sleep(0.2)
    return set_aside([owner for owner in owners() if owner != own], rooms=True)


def set_aside(chosen: list[str], *, rooms: bool = False) -> Aside:
    """Move workspaces, and the rooms, out of sight.

    Raises:
        UserError: the runs folder cannot be written.
    """
    name = time.strftime("%Y%m%d-%H%M%S")
    place = runs_folder() / FOLDER / name
    try:
        place.mkdir(parents=True, exist_ok=True)
        for owner in chosen:
            (runs_folder() / owner).rename(place / owner)
        found = _take_rooms(place) if rooms else 0
    except OSError as error:
        raise UserError(f"The runs folder cannot be written ({error.strerror}): put that right.") from error
    return Aside(name, len(chosen), found)


def sets_aside() -> list[Aside]:
    """What is set aside, the newest first.

    Raises:
        UserError: it is not for whoever asks.
    """
    require_in_charge()
    return [_look(name) for name in sorted(names_aside(), reverse=True)]


def put_back(name: str) -> int:
    """Put back what was set aside; how many things stay aside, since something new has their place.

    Raises:
        UserError: it is not for whoever asks, there is none of this name, or the runs folder cannot be written.
    """
    place = _place(name)
    try:
        with opened() as base:
            _insert_rooms(base, _read_rooms(place))
            (place / ROOMS).unlink(missing_ok=True)
        for aside in [each for each in place.iterdir() if is_owner(each.name) and not each.is_symlink()]:
            _merge(aside, runs_folder() / aside.name)
        left = sum(1 for each in place.rglob("*") if each.is_file() and each.name != LOCK)
        if not left:
            shutil.rmtree(place)
    except OSError as error:
        raise UserError(f"The runs folder cannot be written ({error.strerror}): put that right.") from error
    return left


def delete_aside(name: str) -> None:
    """Delete for good what was set aside.

    Raises:
        UserError: it is not for whoever asks, or there is none of this name.
    """
    shutil.rmtree(_place(name), ignore_errors=True)


def names_aside() -> list[str]:
    folder = runs_folder() / FOLDER
    with suppress(OSError):
        return [each.name for each in folder.iterdir() if _WHEN.fullmatch(each.name) and not each.is_symlink()]
    return []


def _place(name: str) -> Path:
    require_in_charge()
    if name not in names_aside():
        raise UserError("Nothing of this name is set aside: reload the page.")
    return runs_folder() / FOLDER / name


def _look(name: str) -> Aside:
    place = runs_folder() / FOLDER / name
    return Aside(name, sum(is_owner(each.name) for each in place.iterdir()), len(_read_rooms(place)["room"]))


def _merge(aside: Path, there: Path) -> None:
    """Move what is not there already; a folder both have is gone through."""
    if not there.exists():
        aside.rename(there)
    elif aside.is_dir() and not aside.is_symlink() and (is_owner(aside.name) or aside.name == "uploads"):
        for each in list(aside.iterdir()):
            _merge(each, there / each.name)


def _take_rooms(place: Path) -> int:
    with opened() as base:
        found = {table: base.execute(f"SELECT * FROM {table}").fetchall() for table in TABLES}
        replace_file(place / ROOMS, json.dumps(found).encode())
        base.execute("DELETE FROM room")
    return len(found["room"])


def _read_rooms(place: Path) -> dict[str, list[list[object]]]:
    try:
        found: dict[str, list[list[object]]] = json.loads((place / ROOMS).read_bytes())
    except OSError:
        return {table: [] for table in TABLES}
    return found


def _insert_rooms(base: sqlite3.Connection, found: dict[str, list[list[object]]]) -> None:
    """Rooms whose codes are free, with their questions under new numbers."""
    (last,) = base.execute("SELECT coalesce(max(id), 0) FROM question").fetchone()
    taken = {code for (code,) in base.execute("SELECT code FROM room")}

    def number(old: object) -> int | None:
        return last + old if isinstance(old, int) else None

    questions = [row for row in found["question"] if row[1] not in taken]
    kept = {row[0] for row in questions}
    base.executemany(
        "INSERT INTO room VALUES (?, ?, ?, ?, ?)",
        [(*row[:4], number(row[4])) for row in found["room"] if row[0] not in taken],
    )
    base.executemany(
        "INSERT INTO question VALUES (?, ?, ?, ?, ?, ?)", [(number(row[0]), *row[1:]) for row in questions]
    )
    base.executemany(
        "INSERT INTO guess VALUES (?, ?, ?)", [(number(row[0]), *row[1:]) for row in found["guess"] if row[0] in kept]
    )
