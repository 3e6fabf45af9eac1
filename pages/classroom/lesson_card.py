"""A card of a lesson above its page: text, question, the way on; and the page's settings that it locks or hides.

Settings are found by their keys, which every page gives to its widgets: no page knows of lessons.
"""

import json
from pathlib import Path
from typing import Literal

import streamlit as st

from pages.classroom.class_question import class_question
from pages.classroom.lesson_at_hand import PROBLEM, AtHand, at_hand, go_to, leave_lesson
from pages.kit.address import page_script, page_title, show_view
from pages.kit.guard import failure, plain
from training.system.errors import UserError

__all__ = ["lesson_card"]

SEEN = "a-lesson-was-seen"
_LOCKING = Path(__file__).with_suffix(".html")
_STYLE = Path(__file__).with_suffix(".css")


def lesson_card(page: str) -> None:
    """The card of the lesson that this visitor takes, or the way back to it; nothing where they take none.

    Arguments:
        page: the name of the page that it stands above.
    """
    if problem := st.session_state.pop(PROBLEM, ""):
        failure(UserError(problem))
    now = at_hand()
    if now is not None:
        st.session_state[SEEN] = True
        st.html(_STYLE)
        with st.container(border=True, key="lesson-card"):
            _heading(now)
            if now.here:
                _words(now)
            _ways(now, page)
    if SEEN in st.session_state:
        _hold(now if now is not None and now.here else None)


def _heading(now: AtHand) -> None:
    title, count = plain(now.lesson.title) or "Lesson", len(now.lesson.cards)
    st.progress((now.number + 1) / count, text=f"**{title}** · card {now.number + 1} of {count}")


def _words(now: AtHand) -> None:
    card = now.card
    if card.text:
        for paragraph in card.text.split("\n\n"):
            st.markdown(plain(paragraph))
    if card.question and not card.options:
        st.markdown(f"**{plain(card.question)}**")
    elif card.question:
        guess = st.segmented_control(
            plain(card.question), card.options, format_func=plain, key=f"lesson-answer-{now.number}"
        )
        class_question(card.question, card.options, guess, page="lesson")
        if guess is not None and card.answer:
            st.markdown(plain(card.answer))
    if card.answer and card.question and not card.options:
        with st.expander("Answer", type="compact"):
            st.markdown(plain(card.answer))
    if locked := card.named("locked"):
        st.caption(f":material/lock: Locked by this lesson: {', '.join(map(_in_words, locked))}.")


def _in_words(control: str) -> str:
    return plain(control.replace("-", " ").replace("_", " "))


def _ways(now: AtHand, page: str) -> None:
    last = len(now.lesson.cards) - 1
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        if not now.here:
            _to(now, now.number, f"Back to card {now.number + 1}", ":material/undo:")
        else:
            if now.number > 0:
                _to(now, now.number - 1, "Previous", ":material/arrow_back:")
            if now.number < last:
                _to(now, now.number + 1, "Next", ":material/arrow_forward:")
            else:
                st.markdown(":material/done_all: The last card")
        if st.button("Leave the lesson", type="tertiary", key="leave-lesson"):
            leave_lesson()
            own = {key: st.query_params.get_all(key) for key in st.query_params if key.startswith(f"{page}-")}
            show_view(page_script(page) or "pages/home.py", own)


def _to(now: AtHand, number: int, label: str, icon: str) -> None:
    page = now.lesson.cards[number].page
    side: Literal["left", "right"] = "right" if label == "Next" else "left"
    if st.button(f"**{label}**: {page_title(page)}", icon=icon, icon_position=side, key=f"lesson-{label}"):
        go_to(now.text, now.lesson, number)


def _hold(now: AtHand | None) -> None:
    """Let the browser hide and lock the settings of a card; let go of those of the card before."""
    hidden, locked = [], []
    if now is not None:
        hidden = [f".st-key-{now.card.page}-{name}" for name in now.card.named("hidden")]
        locked = [f".st-key-{now.card.page}-{name}" for name in now.card.named("locked")]
    if hidden:
        st.html(f"<style>{', '.join(hidden)} {{ display: none; }}</style>")
    st.html(_LOCKING.read_text("utf-8").replace("LOCKED", json.dumps(locked)), unsafe_allow_javascript=True)
