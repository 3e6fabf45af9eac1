"""The lesson that a visitor takes: what the address says of it, the card that is shown, and what the card locks.

    ?lesson=<the lesson, or its name on this server>&card=2

Both stay in the address from card to card, so that a reload and a copied address open the same card. A link without a
card opens the first one of its page, or the first of all.
"""

from collections.abc import Mapping
from typing import NamedTuple

import streamlit as st

from pages.kit.address import in_lesson, page_script, show_view
from training.classroom.lesson import Card, Lesson
from training.classroom.lesson_links import open_lesson
from training.system.errors import UserError

__all__ = ["AtHand", "address_of", "at_hand", "enter_lesson", "go_to", "leave_lesson", "settle"]

OPENED, SHOWN, SETTLED = "the-lesson", "the-card", "the-card-s-settings"
PROBLEM = "the-lesson-s-problem"


class AtHand(NamedTuple):
    """A lesson that is taken.

    Attributes:
        text: what the address says after `lesson=`.
        number: of the card, from 0.
        here: the card's page is the one that is shown.
    """

    text: str
    lesson: Lesson
    number: int
    here: bool

    @property
    def card(self) -> Card:
        return self.lesson.cards[self.number]


def address_of(text: str, lesson: Lesson, number: int) -> dict[str, list[str]]:
    """The address of a card: `st.page_link`'s and `st.switch_page`'s `query_params`."""
    card = lesson.cards[number]
    view = {f"{card.page}-{name}": list(values) for name, values in card.view.items()}
    return {"lesson": [text], "card": [str(number + 1)], **view}


def go_to(text: str, lesson: Lesson, number: int = 0) -> None:
    """Show a card of a lesson.

    Raises:
        UserError: it is a page that this app has not.
    """
    show_view(_script(lesson.cards[number]), address_of(text, lesson, number))


def enter_lesson(page: str) -> None:
    """Take up the lesson in the address of a page that is about to be shown; call it before the page."""
    state, text = st.session_state, st.query_params.get("lesson", "")
    if not text:
        _step_aside()
        return
    if state.get(OPENED, ("",))[0] != text:
        state.pop(SHOWN, None)
        try:
            state[OPENED] = (text, open_lesson(text))
            for card in state[OPENED][1].cards:
                _script(card)
        except UserError as error:
            state.pop(OPENED, None)
            state[PROBLEM] = str(error)
            return
    lesson: Lesson = state[OPENED][1]
    asked = st.query_params.get("card", "")
    if not (asked.isdecimal() and len(asked) <= 2 and 1 <= int(asked) <= len(lesson.cards)):
        first = next((number for number, card in enumerate(lesson.cards) if card.page == page), 0)
        go_to(text, lesson, first)
    number = int(asked) - 1
    if lesson.cards[number].page != page:
        before = [other for other in range(number) if lesson.cards[other].page == page]
        if before:  # the browser's Back from a card to the one before it
            go_to(text, lesson, before[-1])
        state[SHOWN] = (number, False)
        return
    if state.get(SHOWN) != (number, True):
        state[SHOWN] = (number, True)
        state.pop(SETTLED, None)
        in_lesson()
        _begin_as_written(lesson.cards[number], address_of(text, lesson, number))
    for key, value in state.get(SETTLED, {}).items():
        if state.get(key) != value:
            state[key] = value


def _step_aside() -> None:
    """Another page than the card's is shown: the lesson waits."""
    if SHOWN in st.session_state:
        st.session_state[SHOWN] = (st.session_state[SHOWN][0], False)


def _script(card: Card) -> str:
    script = page_script(card.page)
    if script is None:
        raise UserError(f"This lesson asks for a page {card.page}, which is not here: ask for its newest version.")
    return script


def _held(card: Card) -> list[str]:
    """The keys of the settings that a card locks or hides."""
    return [f"{card.page}-{name}" for name in (*card.named("locked"), *card.named("hidden"))]


def _begin_as_written(card: Card, written: Mapping[str, list[str]]) -> None:
    """Where an address says otherwise of what the card holds, show the page as the card says."""
    asked = {key: st.query_params.get_all(key) for key in st.query_params}
    right = {key: written.get(key, []) for key in _held(card)}
    if any(asked.get(key, []) != values for key, values in right.items()):
        show_view(_script(card), {key: values for key, values in (asked | right).items() if values})


def settle() -> None:
    """Note what the page has made of the settings that its card holds, for the next runs; call it after the page."""
    if (now := at_hand()) is not None and now.here:
        st.session_state[SETTLED] = {key: st.session_state[key] for key in _held(now.card) if key in st.session_state}


def at_hand() -> AtHand | None:
    """The lesson that is taken; None where there is none."""
    text, lesson = st.session_state.get(OPENED, ("", None))
    if lesson is None:
        return None
    number, here = st.session_state.get(SHOWN, (0, False))
    return AtHand(text, lesson, number, here)


def leave_lesson() -> None:
    """Take no lesson any more."""
    for key in (OPENED, SHOWN, SETTLED):
        st.session_state.pop(key, None)
