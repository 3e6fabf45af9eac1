"""The room that this visitor is in, as its host or as one of the class: it goes with them from page to page."""

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from pages.kit.guard import failure
from training.classroom.rooms import NO_ROOM, as_code, is_host, now_asked
from training.people.doors import is_open
from training.people.viewer import viewer
from training.system.errors import UserError

__all__ = ["enter_room", "hosts", "leave_room", "may_open", "own_code", "tell", "telling"]

ROOM, PROBLEM = "the-room", "the-room-s-problem"


def own_code() -> str:
    """The code of the room that this visitor is in; "" where it is none."""
    code: str = st.session_state.get(ROOM, "")
    return code


def enter_room(typed: str) -> None:
    """Enter the room with a code, however it was typed.

    Raises:
        UserError: there is none.
    """
    code = as_code(typed)
    if not code:
        raise UserError(NO_ROOM)
    now_asked(code)
    st.session_state[ROOM] = code


def leave_room() -> None:
    """Be in no room any more; what was guessed stays."""
    st.session_state.pop(ROOM, None)


def may_open() -> bool:
    """Whether this visitor may open a room: the teacher, where the server has one, else everybody."""
    somebody = viewer()
    return somebody.may_do_everything or somebody.local or is_open("teacher")


def hosts() -> bool:
    """Whether this visitor has opened the room that they are in."""
    return bool(own_code()) and is_host(own_code(), viewer().owner)


@contextmanager
def telling() -> Iterator[None]:
    """Do what a button asks for; what goes wrong is shown by the next `tell`."""
    try:
        yield
    except UserError as error:
        st.session_state[PROBLEM] = str(error)


def tell() -> None:
    """Say what went wrong with the last button, once."""
    if problem := st.session_state.pop(PROBLEM, ""):
        failure(UserError(problem))
