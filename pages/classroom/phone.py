"""What a phone shows that has joined a room: the question that is asked now, and its options."""

from functools import partial

import streamlit as st

from pages.classroom.room import leave_room, tell, telling
from pages.classroom.tally import show_tally
from pages.kit.guard import plain
from pages.kit.ticking import ticking
from training.classroom.rooms import Asked, guess, now_asked, own_guess, tally
from training.people.viewer import viewer
from training.system.errors import UserError

__all__ = ["phone"]

POLL_SECONDS = 2.0


def phone(code: str) -> None:
    """The room as one of the class sees it; it asks for what is new by itself."""
    ticking(partial(_question, code), key="phone", seconds=POLL_SECONDS)
    st.button("Leave the room", on_click=leave_room, key="leave-room", type="tertiary", icon=":material/logout:")


def _question(code: str) -> None:
    tell()
    try:
        asked = now_asked(code)
    except UserError:
        leave_room()
        st.rerun()
    st.caption(f"Room **{code}**")
    if asked is None:
        st.info("Nothing is asked yet: look at the projector.", icon=":material/hourglass_empty:")
        return
    st.subheader(plain(asked.text[:1].upper() + asked.text[1:]), anchor=False)
    own = own_guess(code, viewer().owner, asked.number)
    if asked.closed:
        st.markdown(f"The guesses are in. You guessed **{plain(own)}**." if own else "The guesses are in.")
        if (found := tally(asked.number)) is not None:
            show_tally(found)
        return
    for place, option in enumerate(asked.options):
        st.button(
            plain(option),
            on_click=_guess,
            args=[code, asked, option],
            key=f"option-{asked.number}-{place}",
            type="primary" if option == own else "secondary",
            width="stretch",
        )
    st.caption("You can change your guess until the question is closed." if own else "One guess, without your name.")


def _guess(code: str, asked: Asked, option: str) -> None:
    with telling():
        guess(code, viewer().owner, asked.number, option)
