"""Rooms: a teacher asks, a class guesses, and the tally grows. No names, no accounts.

A room is known by its code, which is short enough to be read from a wall and typed on a phone. Each visitor has one
guess a question, and may change it until the question is closed.
"""

import json
import secrets
import sqlite3
import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from training.classroom.database import opened
from training.people.server_secret import fingerprint
from training.system.errors import UserError

__all__ = [
    "Asked",
    "Tally",
    "as_code",
    "ask",
    "close",
    "end_room",
    "guess",
    "is_host",
    "now_asked",
    "open_room",
    "own_guess",
    "room_of",
    "tallies",
    "tally",
]

LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # none that looks like another
CODE_LENGTH = 5
MOST_ROOMS, MOST_QUESTIONS, MOST_GUESSES, MOST_OPTIONS = 200, 100, 1000, 20
LONGEST = 300  # characters of a question, a page's name or an option
KEPT_SECONDS = 7 * 24 * 3600.0  # since anybody last did anything in it
NO_ROOM = "There is no room with this code: look at the projector once more, or ask for a new code."


class Asked(NamedTuple):
    """A question of a room.

    Attributes:
        number: its own, in all rooms.
        page: the name of the page that it stands on.
        closed: no guess counts any more.
    """

    number: int
    page: str
    text: str
    options: tuple[str, ...]
    closed: bool


class Tally(NamedTuple):
    """How often each option was guessed, in the order of the options."""

    asked: Asked
    counts: Mapping[str, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())


def as_code(text: str) -> str:
    """A code as it is kept, from what somebody typed; "" for what can be none."""
    code = "".join(text.split()).replace("-", "").upper()
    return code if len(code) == CODE_LENGTH and set(code) <= set(LETTERS) else ""


def open_room(owner: str, now: float | None = None) -> str:
    """Open a room for a workspace, or find the one that it has open; its code.

    Rooms in which nothing happened for a week are deleted with all their guesses.

    Arguments:
        now: seconds since 1970.

    Raises:
        UserError: there are too many.
    """
    now = time.time() if now is None else now
    with opened() as base:
        base.execute("DELETE FROM room WHERE used < ?", (now - KEPT_SECONDS,))
        there = dict(base.execute("SELECT code, host FROM room"))
        if (own := next((code for code, host in there.items() if host == _mark(code, owner)), "")) != "":
            return own
        if len(there) >= MOST_ROOMS:
            raise UserError(f"This server has {MOST_ROOMS} rooms, as many as it holds: end one first.")
        while (code := "".join(secrets.choice(LETTERS) for _ in range(CODE_LENGTH))) in there:
            pass
        base.execute("INSERT INTO room VALUES (?, ?, ?, ?, NULL)", (code, _mark(code, owner), now, now))
    return code


def room_of(owner: str) -> str:
    """The code of the room that a workspace has open; "" where it has none."""
    with opened() as base:
        return next(
            (code for code, host in base.execute("SELECT code, host FROM room") if host == _mark(code, owner)), ""
        )


def is_host(code: str, owner: str) -> bool:
    """Whether a workspace has opened this room."""
    with opened() as base:
        row = base.execute("SELECT host FROM room WHERE code = ?", (code,)).fetchone()
    return row is not None and row[0] == _mark(code, owner)


def end_room(code: str, owner: str) -> None:
    """Delete a room with all that was guessed there.

    Raises:
        UserError: it is not this workspace's.
    """
    with opened() as base:
        _require_host(base, code, owner)
        base.execute("DELETE FROM room WHERE code = ?", (code,))


def ask(code: str, owner: str, page: str, text: str, options: Sequence[str]) -> Asked:
    """Ask the class a question; one that was asked before goes on with its guesses, and is open again.

    Raises:
        UserError: the room is not this workspace's, or it is full, or the question is too long.
    """
    if len(options) > MOST_OPTIONS or any(len(each) > LONGEST for each in (page, text, *options)):
        raise UserError(f"A question has at most {MOST_OPTIONS} options of {LONGEST} characters.")
    written = json.dumps(list(options), ensure_ascii=False)
    with opened() as base:
        _require_host(base, code, owner)
        count = base.execute("SELECT count(*) FROM question WHERE code = ?", (code,)).fetchone()[0]
        key = (code, page, text, written)
        there = base.execute(
            "SELECT id FROM question WHERE code = ? AND page = ? AND text = ? AND options = ?", key
        ).fetchone()
        if there is None and count >= MOST_QUESTIONS:
            raise UserError(f"A room holds {MOST_QUESTIONS} questions: end it, and open another.")
        base.execute(
            "INSERT INTO question (code, page, text, options) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET closed = 0",
            key,
        )
        (number,) = base.execute(
            "SELECT id FROM question WHERE code = ? AND page = ? AND text = ? AND options = ?", key
        ).fetchone()
        base.execute("UPDATE room SET question = ?, used = ? WHERE code = ?", (number, time.time(), code))
    return Asked(number, page, text, tuple(options), closed=False)


def close(code: str, owner: str) -> None:
    """Close the question that is asked now: its guesses stand.

    Raises:
        UserError: the room is not this workspace's.
    """
    with opened() as base:
        _require_host(base, code, owner)
        base.execute("UPDATE question SET closed = 1 WHERE id = (SELECT question FROM room WHERE code = ?)", (code,))


def now_asked(code: str) -> Asked | None:
    """The question that a room asks now; None before the first.

    Raises:
        UserError: there is no such room.
    """
    with opened() as base:
        row = base.execute("SELECT question FROM room WHERE code = ?", (code,)).fetchone()
        if row is None:
            raise UserError(NO_ROOM)
        return None if row[0] is None else _question(base, row[0])


def guess(code: str, owner: str, number: int, option: str) -> None:
    """Count a visitor's guess, in place of an earlier one of theirs.

    Raises:
        UserError: there is no such room or question, it is closed, or the option is none of it.
    """
    with opened() as base:
        asked = _question(base, number)
        if (
            asked is None
            or not base.execute("SELECT 1 FROM question WHERE id = ? AND code = ?", (number, code)).fetchone()
        ):
            raise UserError(NO_ROOM)
        if asked.closed:
            raise UserError("The guesses are in: this question is closed.")
        if option not in asked.options:
            raise UserError("This is none of the question's options: choose one of those.")
        mark = _mark(code, owner)
        (count,) = base.execute(
            "SELECT count(*) FROM guess WHERE question = ? AND mark != ?", (number, mark)
        ).fetchone()
        if count >= MOST_GUESSES:
            raise UserError(f"This room holds {MOST_GUESSES:,} guesses a question, and is full.")
        base.execute("INSERT OR REPLACE INTO guess VALUES (?, ?, ?)", (number, mark, option))
        base.execute("UPDATE room SET used = ? WHERE code = ?", (time.time(), code))


def own_guess(code: str, owner: str, number: int) -> str:
    """What a visitor has guessed; "" before that."""
    with opened() as base:
        row = base.execute(
            "SELECT option FROM guess WHERE question = ? AND mark = ?", (number, _mark(code, owner))
        ).fetchone()
    return "" if row is None else str(row[0])


def tally(number: int) -> Tally | None:
    """The guesses of a question so far; None where there is no such question."""
    with opened() as base:
        asked = _question(base, number)
        return None if asked is None else _tally(base, asked)


def tallies(code: str) -> list[Tally]:
    """The guesses of every question of a room, in the order in which they were first asked."""
    with opened() as base:
        numbers = [row[0] for row in base.execute("SELECT id FROM question WHERE code = ? ORDER BY id", (code,))]
        return [_tally(base, asked) for number in numbers if (asked := _question(base, number)) is not None]


def _tally(base: sqlite3.Connection, asked: Asked) -> Tally:
    rows = base.execute("SELECT option, count(*) FROM guess WHERE question = ? GROUP BY option", (asked.number,))
    counts = dict(rows.fetchall())
    return Tally(asked, {option: counts.get(option, 0) for option in asked.options})


def _question(base: sqlite3.Connection, number: int) -> Asked | None:
    row = base.execute("SELECT id, page, text, options, closed FROM question WHERE id = ?", (number,)).fetchone()
    return None if row is None else Asked(row[0], row[1], row[2], tuple(json.loads(row[3])), bool(row[4]))


def _require_host(base: sqlite3.Connection, code: str, owner: str) -> None:
    row = base.execute("SELECT host FROM room WHERE code = ?", (code,)).fetchone()
    if row is None:
        raise UserError(NO_ROOM)
    if row[0] != _mark(code, owner):
        raise UserError("Only who opened this room can do that: open one of your own.")


def _mark(code: str, owner: str) -> str:
    """What stands for a visitor in one room: another in every room, and nothing that leads back to a workspace."""
    return fingerprint("room", code, owner)
