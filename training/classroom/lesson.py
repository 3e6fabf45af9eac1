"""A lesson: pages in order, each with its view, a text, a question, and the controls that are locked or hidden.

It travels as a small file (JSON) or packed into a link, and either may come from a stranger: what is not exactly a
lesson is refused, and all its words are plain text.
"""

import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from training.system.errors import UserError

__all__ = [
    "MOST_BYTES",
    "MOST_CARDS",
    "Card",
    "Control",
    "Lesson",
    "lesson_file",
    "packed",
    "read_lesson",
    "unpacked",
]

MOST_CARDS, MOST_BYTES = 30, 64 * 1024
NO_LESSON = "This is no lesson of ELBO Lab, or it was cut off on its way: ask for the link or the file again."
NAME = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,59}$"
Control = Literal["open", "locked", "hidden"]
Name = Annotated[str, Field(pattern=NAME)]
Values = Annotated[tuple[Annotated[str, Field(max_length=300)], ...], Field(max_length=8)]
Option = Annotated[str, Field(min_length=1, max_length=120)]


class Card(BaseModel):
    """One page of a lesson.

    Attributes:
        page: its name, such as "samples".
        view: what its address says, by the settings' names without the page's own.
        options: of the question; none, if it is one to talk about.
        answer: shows once the question is answered.
        controls: what students may do with a setting, by its name; one that is not named is open.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    page: Name
    view: Annotated[dict[Name, Values], Field(max_length=60)] = {}
    text: Annotated[str, Field(max_length=2000)] = ""
    question: Annotated[str, Field(max_length=300)] = ""
    options: Annotated[tuple[Option, ...], Field(max_length=12)] = ()
    answer: Annotated[str, Field(max_length=1000)] = ""
    controls: Annotated[dict[Name, Control], Field(max_length=80)] = {}

    def named(self, control: Control) -> list[str]:
        """The names of the settings that are locked, hidden, or open."""
        return [name for name, how in self.controls.items() if how == control]


class Lesson(BaseModel):
    """A lesson as its file holds it; `lesson` is the version of the format."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    lesson: Literal[1] = 1
    title: Annotated[str, Field(max_length=120)] = ""
    cards: Annotated[tuple[Card, ...], Field(max_length=MOST_CARDS)] = ()


def lesson_file(lesson: Lesson) -> bytes:
    """A lesson as a file: UTF-8, made to be read and edited."""
    return (
        lesson.model_dump_json(indent=2, exclude_defaults=True, exclude={"lesson"})
        .replace("{", '{\n  "lesson": 1,', 1)
        .encode()
    )


def read_lesson(raw: bytes) -> Lesson:
    """The lesson in a file.

    Raises:
        UserError: it is none, it is longer than 64 KB, or it has no card.
    """
    if len(raw) > MOST_BYTES:
        raise UserError(f"A lesson has at most {MOST_BYTES // 1024} KB: this one is longer. Make two of it.")
    try:
        lesson = Lesson.model_validate_json(raw)
    except ValidationError as error:
        raise UserError(NO_LESSON) from error
    if not lesson.cards:
        raise UserError("This lesson has no card: open a page, and press Lesson from here.")
    return lesson


def packed(lesson: Lesson) -> str:
    """A lesson as letters that an address can hold; what is open needs no word there."""
    cards = tuple(
        card.model_copy(update={"controls": {name: how for name, how in card.controls.items() if how != "open"}})
        for card in lesson.cards
    )
    text = lesson.model_copy(update={"cards": cards}).model_dump_json(exclude_defaults=True)
    return urlsafe_b64encode(zlib.compress(text.encode(), 9)).decode().rstrip("=")


def unpacked(text: str) -> Lesson:
    """The lesson in such letters.

    Raises:
        UserError: it is none.
    """
    try:
        raw = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
        unpacking = zlib.decompressobj()
        content = unpacking.decompress(raw, MOST_BYTES + 1)
    except (ValueError, zlib.error) as error:
        raise UserError(NO_LESSON) from error
    if not unpacking.eof and len(content) <= MOST_BYTES:
        raise UserError(NO_LESSON)
    return read_lesson(content)
