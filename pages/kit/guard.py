"""A guard round every section of a page: what goes wrong in one is a sentence, and the others are still drawn."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from pages.kit.address import remember
from training.system.errors import UserError

__all__ = ["SENTENCE", "failure", "plain", "section"]

SENTENCE = (
    "This part of the page could not be drawn, and the server's log says why: choose another model or setting, or "
    "reload the page."
)
UNSEEN = "\u2060"  # joins words
_MARKS = re.compile(r"[\\\[$&*~|`]|(?<![^\W_])_|_(?![^\W_])")
_AT_LINE_START = re.compile(r"^(\d+(?=[.)](?:\s|$)))?([-+#>=.)])", re.MULTILINE)
_FOUND_LATER = re.compile(
    r"(?<=http)(?=s?://)|(?<=www)(?=\.)|(?<=@)|(?<=:)(?=[a-z]|[\w+-]+:)|(?<=-)(?=[->])|(?<=[>~])(?==)|(?<=&lt;)(?=[-=])",
    re.IGNORECASE,
)
UNEXPECTED: tuple[type[Exception], ...] = (Exception,)
_LOG = logging.getLogger(__name__)


@contextmanager
def section(name: str = "a page") -> Iterator[None]:
    """Draw a part of a page; also a decorator of the function that draws one.

    A `UserError` shows as its sentence. Of any other error the page shows one sentence, and the log holds the rest: no
    traceback and no path of this server reaches a visitor.

    Arguments:
        name: what the log calls it.
    """
    try:
        yield
        remember()  # a fragment's widgets change the address without the page's own run
    except UserError as error:
        failure(error)
    except UNEXPECTED:
        _LOG.exception("%s could not be drawn", name)
        st.error(SENTENCE, icon=":material/error:")


def failure(error: UserError) -> None:
    """Show what went wrong and what to do about it."""
    st.error(plain(str(error)), icon=":material/error:")


def plain(text: str) -> str:
    """Markdown that shows a text as it is: no link, picture, icon, colour or formula that a stranger put into it.

    In a cell of a table too. What a backslash would not undo is broken by a mark that nobody sees: Streamlit looks for
    addresses, icons and arrows in the text that is left once Markdown has been read.
    """
    lines = "\n".join(line.lstrip() for line in text.splitlines())
    escaped = _MARKS.sub(r"\\\g<0>", lines).replace("<", "&lt;")
    escaped = _AT_LINE_START.sub(lambda found: f"{found[1] or ''}\\{found[2]}", escaped)
    return _FOUND_LATER.sub(UNSEEN, escaped)
