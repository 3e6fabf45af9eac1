"""The cards of a lesson that is made: their order, texts, questions, and which settings students may change."""

from functools import partial
from typing import Any

import streamlit as st

from pages.classroom.lesson_at_hand import address_of
from pages.classroom.lesson_draft import change_draft
from pages.kit.address import page_script, page_title
from pages.kit.guard import plain
from training.classroom.lesson import Card, Control, Lesson
from training.classroom.lesson_links import link_of
from training.system.errors import UserError

__all__ = ["lesson_editor", "lesson_with"]

MOST_OPTIONS, LONGEST_OPTION = 12, 120
SHOWN_SETTINGS = 6
HELD: dict[Control, tuple[str, str]] = {
    "locked": ("Locked settings", "Students see them and cannot change them."),
    "hidden": ("Hidden settings", "Students do not see them."),
}


def lesson_editor(lesson: Lesson) -> None:
    """A panel for each card; every change is kept at once."""
    st.text_input(
        "Title", lesson.title, key="draft-title", max_chars=120, on_change=_write_title, placeholder="Of the lesson"
    )
    for number, card in enumerate(lesson.cards):
        said = card.text or card.question
        short = plain(" ".join(said.split())[:60]) or "no text yet"
        with st.expander(f"**{number + 1} · {page_title(card.page)}**: {short}", icon=":material/article:"):
            _card(lesson, number, card)


def _card(lesson: Lesson, number: int, card: Card) -> None:
    words, control = st.columns([1.6, 1], gap="large")
    key = f"draft-{number}-{card.page}"
    with words:
        _field(number, "text", "Text", card.text, key, 2000, lines=4)
        _field(number, "question", "Question", card.question, key, 300)
        _field(number, "options", "Options to choose from, one a line", "\n".join(card.options), key, 1600, lines=3)
        _field(number, "answer", "Answer, which shows after the guess", card.answer, key, 1000, lines=2)
    with control:
        view = [f"{name}: {', '.join(values)}" for name, values in card.view.items()]
        st.caption(f"**Shows** {plain('; '.join(view[:SHOWN_SETTINGS]))}" if view else "**Shows** the page's defaults.")
        for how, (label, help) in HELD.items():
            at = f"{key}-{how}-{'+'.join(card.named('hidden' if how == 'locked' else 'locked'))}"
            st.multiselect(
                label,
                [name for name, now in card.controls.items() if now in ("open", how)],
                card.named(how),
                format_func=lambda name: name.replace("-", " ").replace("_", " "),
                key=at,
                help=help,
                on_change=partial(_hold, number, how, at),
                placeholder="None",
            )
    with st.container(horizontal=True):
        _button("Up", ":material/arrow_upward:", partial(_move, number, -1), f"{key}-up", off=number == 0)
        last = number == len(lesson.cards) - 1
        _button("Down", ":material/arrow_downward:", partial(_move, number, 1), f"{key}-down", off=last)
        _button("Remove", ":material/delete:", partial(_remove, number), f"{key}-remove")
        if (script := page_script(card.page)) is not None:
            _look(script, lesson, number)


def _look(script: str, lesson: Lesson, number: int) -> None:
    try:
        address = address_of(link_of(lesson), lesson, number)
    except UserError:
        return
    st.page_link(script, label="See it as students do", icon=":material/visibility:", query_params=address)


def _button(label: str, icon: str, change: Any, key: str, *, off: bool = False) -> None:
    st.button(label, icon=icon, on_click=change, key=key, disabled=off)


def _field(number: int, name: str, label: str, now: str, key: str, most: int, *, lines: int = 1) -> None:
    at = f"{key}-{name}"
    write = partial(_write, number, name, at)
    if lines == 1:
        st.text_input(label, now, key=at, max_chars=most, on_change=write)
    else:
        st.text_area(label, now, key=at, max_chars=most, height=36 + 26 * lines, on_change=write)


def lesson_with(lesson: Lesson, number: int, **changes: object) -> Lesson:
    """A lesson one of whose cards is another; the lesson itself where it has no such card."""
    if number >= len(lesson.cards):
        return lesson
    changed = Card.model_validate(lesson.cards[number].model_dump() | changes)
    return lesson.model_copy(update={"cards": (*lesson.cards[:number], changed, *lesson.cards[number + 1 :])})


def _write_title() -> None:
    title = str(st.session_state["draft-title"])[:120]
    change_draft(lambda lesson: lesson.model_copy(update={"title": title}))


def _write(number: int, name: str, key: str) -> None:
    said = str(st.session_state[key])
    options = tuple(line.strip()[:LONGEST_OPTION] for line in said.splitlines() if line.strip())[:MOST_OPTIONS]
    change_draft(
        lambda lesson: lesson_with(
            lesson, number, **{name: tuple(dict.fromkeys(options)) if name == "options" else said}
        )
    )


def _hold(number: int, how: Control, key: str) -> None:
    chosen = set(st.session_state[key])

    def change(lesson: Lesson) -> Lesson:
        if number >= len(lesson.cards):
            return lesson
        before = lesson.cards[number].controls
        now = {name: how if name in chosen else "open" if was == how else was for name, was in before.items()}
        return lesson_with(lesson, number, controls=now)

    change_draft(change)


def _move(number: int, by: int) -> None:
    def change(lesson: Lesson) -> Lesson:
        cards = list(lesson.cards)
        if number < len(cards) and 0 <= number + by < len(cards):
            cards.insert(number + by, cards.pop(number))
        return lesson.model_copy(update={"cards": tuple(cards)})

    _anew(change)


def _remove(number: int) -> None:
    _anew(lambda lesson: lesson.model_copy(update={"cards": lesson.cards[:number] + lesson.cards[number + 1 :]}))


def _anew(change: Any) -> None:
    """Change the cards' places: their widgets take up what they then hold."""
    change_draft(change)
    for key in [key for key in st.session_state if str(key).startswith("draft-")]:
        del st.session_state[key]
