"""A chapter of Theory as its text declares it: `elbo.toml` beside `elbo.py` holds every line of the derivation.

A line is first a gap to fill, then a formula with its numbers. In a formula, `\\gap{...}` marks the part that is asked
for. A number is named here and computed in training/theory; none is written down.
"""

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Annotated, Literal
from zlib import crc32

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

__all__ = ["Chapter", "Choice", "Equality", "Line", "Order", "Play", "Values", "chapter_of", "filled", "open_gap"]

GAP = r"\gap{"
QUESTION_MARK = r"\boxed{\;?\;}"


class _Declared(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _one_line(text: str) -> str:
    return re.sub(r"(?<!\n)\n(?!\n)", " ", text.strip())


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class Choice(_Declared):
    """One way to fill a gap, as Markdown, and why it is right or wrong."""

    text: Text
    reason: Text
    right: bool = False


class Play(_Declared):
    """The page where a line can be played with, and settings of its view."""

    page: Text
    label: Text
    settings: dict[str, str] = {}


class Equality(_Declared):
    """Two numbers that agree: exactly, or within the noise of an estimate."""

    kind: Literal["equality"]
    left: str
    right: str


class Order(_Declared):
    """Numbers that only rise, and the gaps between them; or whose order is only what was measured, no theorem."""

    kind: Literal["order"]
    rising: tuple[str, ...] = Field(min_length=2)
    theorem: bool = True


class Values(_Declared):
    """Numbers by themselves."""

    kind: Literal["values"]
    of: tuple[str, ...] = Field(min_length=1)


class Line(_Declared):
    """A step of a derivation.

    Attributes:
        asks: the question of its gap.
        shows: what is measured once it is open.
        code: functions that compute it, as `pages.kit.code.code_below` takes them.
        note: what else to say once it is open.
    """

    name: Text
    asks: Text
    formula: Text
    choice: tuple[Choice, ...] = Field(min_length=2, max_length=4)
    shows: Annotated[Equality | Order | Values, Field(discriminator="kind")]
    code: tuple[str, ...] = Field(min_length=1)
    play: Play
    note: str = ""

    @property
    def choices(self) -> tuple[Choice, ...]:
        """The choices as a page offers them, so that where the right one stands says nothing."""
        first = crc32(self.name.encode()) % len(self.choice)
        return self.choice[first:] + self.choice[:first]

    @property
    def right(self) -> Choice:
        """The choice that fills the gap."""
        return next(choice for choice in self.choice if choice.right)

    @property
    def numbers(self) -> tuple[str, ...]:
        """Names of the numbers that it shows."""
        match self.shows:
            case Equality(left=left, right=right):
                return left, right
            case Order(rising=rising):
                return rising
            case Values(of=names):
                return names


class Chapter(_Declared):
    """All lines of one page, in order.

    Attributes:
        question: the one that the page answers.
        models: shipped models whose weights can be looked at; the first is shown at first.
        intro: what is computed, and of what.
        labels: how each number is written, HTML with no more than sub- and superscripts.
        notes: what to look for, what to try, what to guess first, and the answer.
    """

    title: Text
    question: Text
    models: tuple[str, ...] = Field(min_length=1)
    intro: Text
    labels: dict[str, Text]
    line: tuple[Line, ...] = Field(min_length=3)
    notes: dict[str, Text]


@cache
def chapter_of(script: str) -> Chapter:
    """The chapter whose text lies beside a page's script.

    Arguments:
        script: its own `__file__`.
    """
    declared = tomllib.loads(Path(script).with_suffix(".toml").read_text(encoding="utf-8"))
    return Chapter.model_validate(_joined(declared))


def _joined(declared: object) -> object:
    """The same with the lines of each paragraph joined."""
    if isinstance(declared, dict):
        return {key: _joined(value) for key, value in declared.items()}
    if isinstance(declared, list):
        return [_joined(value) for value in declared]
    return _one_line(declared) if isinstance(declared, str) else declared


def open_gap(formula: str) -> str:
    """A formula with a question mark for the part that is asked for."""
    before, _, after = _around_gap(formula)
    return before + QUESTION_MARK + after


def filled(formula: str) -> str:
    """The whole formula."""
    return "".join(_around_gap(formula))


def _around_gap(formula: str) -> tuple[str, str, str]:
    """What stands before the gap, in it and after it."""
    before, _, rest = formula.partition(GAP)
    depth = 1
    for place, letter in enumerate(rest):
        depth += {"{": 1, "}": -1}.get(letter, 0)
        if not depth:
            return before, rest[:place], rest[place + 1 :]
    raise ValueError(f"No gap that ends is in the formula {formula}")
