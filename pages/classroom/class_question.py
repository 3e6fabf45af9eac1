"""A page's question, asked of a class: the host sees the guesses as they come in, and those of the class count."""

from collections.abc import Sequence
from functools import partial

import streamlit as st

from pages.classroom.room import hosts, leave_room, own_code, tell, telling
from pages.classroom.tally import show_tally
from pages.kit.address import page_name
from pages.kit.guard import failure
from pages.kit.ticking import TICK_SECONDS, ticking
from training.classroom.rooms import Asked, ask, close, guess, now_asked, tally
from training.people.viewer import viewer
from training.system.errors import UserError

__all__ = ["class_question"]


def class_question(text: str, options: Sequence[str], own: str | None, *, page: str = "") -> None:
    """What the room that this visitor is in has to do with a page's question; nothing where they are in none.

    Arguments:
        own: what this visitor guesses, if they do yet.
        page: where the question stands; on the page that is shown, if not given.
    """
    code = own_code()
    if not code:
        return
    page = page or page_name()
    tell()
    try:
        asked = now_asked(code)
        here = asked is not None and (asked.page, asked.text, asked.options) == (page, text, tuple(options))
        if hosts():
            _of_the_host(code, page, text, options, asked if here else None)
        elif here and asked is not None and own is not None:
            _of_the_class(code, asked, own)
    except UserError as error:
        leave_room()
        failure(error)


def _of_the_host(code: str, page: str, text: str, options: Sequence[str], asked: Asked | None) -> None:
    mark = "" if page == page_name() else f"-{page}"
    with st.container(border=True, key=f"class-question{mark}"):
        if asked is None:
            st.button(
                f"Ask the room {code}",
                icon=":material/groups:",
                on_click=_ask,
                args=[code, page, text, list(options)],
                key=f"ask-the-class{mark}",
                help="Phones that have joined get this question, and their guesses show here as they come in.",
            )
            return
        ticking(partial(_guesses, asked.number), key=f"guesses{mark}", seconds=None if asked.closed else TICK_SECONDS)
        if asked.closed:
            st.button(
                "Open it again", on_click=_ask, args=[code, page, text, list(options)], key=f"ask-the-class{mark}"
            )
        else:
            st.button(
                "Close the guesses", icon=":material/lock:", on_click=_close, args=[code], key=f"close-guesses{mark}"
            )
        st.caption(f"Room **{code}**. Your own guess above is not counted: it shows the answer.")


def _guesses(number: int) -> None:
    if (found := tally(number)) is not None:
        st.markdown(f"**{found.total} {'guess' if found.total == 1 else 'guesses'}**")
        show_tally(found)


def _of_the_class(code: str, asked: Asked, own: str) -> None:
    counted = f"counted-{asked.number}"
    if st.session_state.get(counted) != own and not asked.closed:
        guess(code, viewer().owner, asked.number, own)
        st.session_state[counted] = own
    if st.session_state.get(counted) == own:
        st.caption(f":material/groups: Your guess counts in the room **{code}**.")


def _ask(code: str, page: str, text: str, options: list[str]) -> None:
    with telling():
        ask(code, viewer().owner, page, text, options)


def _close(code: str) -> None:
    with telling():
        close(code, viewer().owner)
