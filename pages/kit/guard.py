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
    """Markdown that shows a text as it is: no link, picture, colour or formula that a stranger's file put into it.

    In a cell of a table too. An address is no link: an unseen mark stands in it, since a backslash would not do.
    """
    escaped = re.sub(r"[\[$&*~|`]|__", lambda found: "".join(f"\\{mark}" for mark in found[0]), text)
    escaped = escaped.replace("<", "&lt;")
    return re.sub(r"://|www\.|@", lambda found: f"{found[0]}\u2060", escaped, flags=re.IGNORECASE)
