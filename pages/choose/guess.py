"""Guess first: a question that is answered before the answer shows."""

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

import streamlit as st

from pages.classroom.class_question import class_question
from pages.kit.address import page_key

__all__ = ["answer_among", "guess_first", "guessed", "show_answer"]

Option = TypeVar("Option")


def guess_first(
    question: str, options: Iterable[Option], *, hides: str, written: Callable[[Option], str] = str
) -> Option | None:
    """Ask a question; None until it is answered.

    Arguments:
        hides: what will show then, as the middle of a sentence: "the curve".
        written: how an option is written.
    """
    options = list(options)
    guess = st.segmented_control(
        f"Guess first: {question}", options, format_func=written, key=page_key("guess"), bind="query-params"
    )
    class_question(question, [written(option) for option in options], None if guess is None else written(guess))
    if guess is None:
        st.info(f"Make your guess, and {hides} will show.", icon=":material/help:")
    return guess


def guessed() -> bool:
    """Whether the page's question is answered, before it is drawn: nothing above may give the answer away."""
    key = page_key("guess")
    return st.session_state.get(key, st.query_params.get(key)) is not None


def answer_among(options: Mapping[str, float], found: float) -> str:
    """The first option whose largest number is not below what was found."""
    return next(text for text, most in options.items() if found <= most)


def show_answer(guess: str, right: str, answer: str) -> None:
    """Say how the guess did, and the answer, a sentence without its first word's capital."""
    verdict = "You guessed it" if guess == right else f"You guessed {guess}"
    st.markdown(f"**{verdict}: {answer}**")
