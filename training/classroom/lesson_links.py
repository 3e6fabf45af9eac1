"""What a link to a lesson holds: the lesson itself while that is short, else the short name under which it is kept.

The name is made of the lesson and the server's secret: nobody guesses one, and nobody can put another lesson under it.
"""

import re
import time

from training.classroom.database import opened
from training.classroom.lesson import NO_LESSON, Lesson, lesson_file, packed, read_lesson, unpacked
from training.people.server_secret import fingerprint
from training.system.errors import UserError

__all__ = ["link_of", "open_lesson"]

WHOLE, KEPT = "z", "k"  # the first letter of a link's text
LONGEST = 1200  # letters of a link that holds the lesson: what mail and chat leave whole
MOST_KEPT = 2000
_NAME = re.compile(r"[0-9a-f]{16}")


def link_of(lesson: Lesson) -> str:
    """What the address of a lesson holds after `lesson=`.

    Raises:
        UserError: it has no card, it is too long, or it cannot be kept.
    """
    written = lesson_file(lesson)
    read_lesson(written)
    if len(text := packed(lesson)) <= LONGEST:
        return WHOLE + text
    name = fingerprint("lesson", written.decode())[:16]
    now = time.time()
    with opened() as base:
        base.execute("INSERT OR REPLACE INTO lesson VALUES (?, ?, ?)", (name, written.decode(), now))
        base.execute(
            "DELETE FROM lesson WHERE name NOT IN (SELECT name FROM lesson ORDER BY used DESC LIMIT ?)", (MOST_KEPT,)
        )
    return KEPT + name


def open_lesson(text: str) -> Lesson:
    """The lesson that a link's text holds or names.

    Raises:
        UserError: there is none.
    """
    if text.startswith(WHOLE):
        return unpacked(text[1:])
    if not text.startswith(KEPT) or _NAME.fullmatch(text[1:]) is None:
        raise UserError(NO_LESSON)
    with opened() as base:
        row = base.execute("SELECT text FROM lesson WHERE name = ?", (text[1:],)).fetchone()
        base.execute("UPDATE lesson SET used = ? WHERE name = ?", (time.time(), text[1:]))
    if row is None:
        raise UserError("This lesson is not on this server, or was deleted: ask for its link or its file again.")
    return read_lesson(row[0].encode())
