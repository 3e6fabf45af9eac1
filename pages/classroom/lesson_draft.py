"""The lesson that a visitor makes, kept in the workspace; and the button that adds the page as it is seen."""

import re
from collections.abc import Callable

import streamlit as st

from pages.kit.address import page_script
from pages.kit.guard import failure
from training.classroom.lesson import MOST_CARDS, NAME, Card, Lesson
from training.people.places import place_of
from training.people.records import change_file, read_file
from training.people.viewer import viewer
from training.system.errors import UserError

__all__ = ["change_draft", "draft", "lesson_from_here", "tell_problem"]

FILE, PROBLEM, ADDED = ".lesson.json", "lesson-draft-s-problem", "lesson-card-added"
NOT_TAKEN = ("share", "code", "absent")  # what opens something, or is no setting
LONGEST = 300
MOST_CONTROLS, MOST_SETTINGS = 80, 60


def draft() -> Lesson:
    """The lesson that this visitor makes; one without cards before that."""
    return read_file(place_of(viewer().owner) / FILE, Lesson)


def change_draft(change: Callable[[Lesson], Lesson]) -> None:
    """Change it; what goes wrong is shown by the next `tell_problem`."""
    try:
        change_file(place_of(viewer().owner) / FILE, Lesson, change)
    except UserError as error:
        st.session_state[PROBLEM] = str(error)


def tell_problem() -> None:
    """Say what went wrong with the last change, once."""
    if problem := st.session_state.pop(PROBLEM, ""):
        failure(UserError(problem))


def lesson_from_here(page: str) -> None:
    """At a page's foot: add the page as it is seen to the lesson that this visitor makes."""
    with st.popover("Lesson from here", icon=":material/playlist_add:"):
        st.markdown(
            "A lesson is pages in order, each with its settings as they are now, a text and a question. It opens by a "
            "link, for anybody, without an account."
        )
        st.button(
            "Add this page as it is seen",
            icon=":material/add:",
            on_click=_add,
            args=[page],
            key="lesson-add",
            type="primary",
        )
        if added := st.session_state.pop(ADDED, 0):
            st.success(f"It is card {added} of your lesson.", icon=":material/check:")
        tell_problem()
        st.page_link(page_script("lesson") or "", label="Write, order and share its cards", icon=":material/edit_note:")


def _add(page: str) -> None:
    view = {
        key.removeprefix(f"{page}-"): tuple(st.query_params.get_all(key))
        for key in st.query_params
        if key.startswith(f"{page}-")
    }
    fitting = {
        name: values for name, values in view.items() if _fits(name) and max(map(len, values), default=0) <= LONGEST
    }
    names = [str(key).removeprefix(f"{page}-") for key in st.session_state if str(key).startswith(f"{page}-")]
    controls = sorted({name for name in (*names, *fitting) if _fits(name)})[:MOST_CONTROLS]
    card = Card(
        page=page,
        view=dict(list(fitting.items())[:MOST_SETTINGS]),
        controls=dict.fromkeys(controls, "open"),
    )

    def add(lesson: Lesson) -> Lesson:
        if len(lesson.cards) >= MOST_CARDS:
            raise UserError(f"A lesson has at most {MOST_CARDS} cards: share this one, and begin another.")
        st.session_state[ADDED] = len(lesson.cards) + 1
        return lesson.model_copy(update={"cards": (*lesson.cards, card)})

    change_draft(add)


def _fits(name: str) -> bool:
    return re.match(NAME, name) is not None and not name.endswith(NOT_TAKEN)
