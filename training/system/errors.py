"""Errors whose text is meant for the person at the screen."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import ValidationError

__all__ = ["Cancelled", "UserError", "explain", "one_of"]


class UserError(Exception):
    """Something the user can put right. Its text is one clear sentence that says what to do.

    It may quote names out of a stranger's file: what cannot be printed becomes a space, so it stays one line.
    """

    def __init__(self, sentence: str) -> None:
        super().__init__("".join(letter if letter.isprintable() else " " for letter in sentence))


class Cancelled(Exception):
    """The user asked a long computation to end; nothing is wrong."""


def explain(error: "ValidationError") -> str:
    """Turn pydantic's first complaint into one sentence: which setting, what is wrong, what was given."""
    first = error.errors()[0]
    setting = ".".join(str(part) for part in first["loc"]) or "setting"
    if first["type"] == "extra_forbidden":
        return f"There is no setting named {setting!r}: check its spelling."
    problem = first["msg"].removeprefix("Value error, ").removeprefix("Input ").rstrip(".")
    return f"{setting.replace('_', ' ')} {problem}, but it is {first['input']!r}."


def one_of(names: Iterable[str]) -> str:
    """List choices in a sentence: "a, b or c"."""
    *most, last = names
    return f"{', '.join(most)} or {last}" if most else last
