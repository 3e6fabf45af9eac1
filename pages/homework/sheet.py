"""The sheet itself: a table for each problem, and how many questions are met."""

from collections.abc import Mapping, Sequence

import streamlit as st

from pages.kit import glossary
from pages.kit.guard import plain
from pages.kit.tables import table
from pages.measure.numbers import phrase
from training.checkpoints.model_ref import ModelRef
from training.homework.questions import Problem, Question, Verdict, verdict

__all__ = ["problem_table", "score"]

_STYLE = "<style>[class*='st-key-sheet-'] td:first-child { min-width: 12rem; }</style>"
MARKS = {
    Verdict.MET: ":material/check_circle: met",
    Verdict.NEAR: ":material/adjust: near",
    Verdict.FAR: ":material/error: far",
    Verdict.OPEN: "not yet",
}


def score(title: str, verdicts: Sequence[Verdict]) -> None:
    """How many questions are met, near, far and open."""
    count = {kind: verdicts.count(kind) for kind in Verdict}
    rest = [f"{count[kind]} {kind.value}" for kind in (Verdict.NEAR, Verdict.FAR, Verdict.OPEN) if count[kind]]
    st.metric(
        title,
        f"{count[Verdict.MET]} of {len(verdicts)} met",
        ", ".join(rest) or None,
        delta_color="off",
        delta_arrow="off",
    )
    st.progress(count[Verdict.MET] / len(verdicts))


def problem_table(
    problem: Problem,
    shipped: Mapping[Question, float | None],
    own: Mapping[Question, float | None],
    models: Mapping[str, ModelRef],
) -> None:
    """A row for each question: expected, the shipped model's number, the visitor's, and how near that comes.

    Arguments:
        shipped, own: the number of each question, as far as it is known.
        models: the visitor's models by the recipe that they answer for.
    """
    head = ["", "on", "expected", "shipped", "yours", "verdict"]
    rows = []
    for question in problem.questions:
        value = own.get(question)
        known = question.model in models
        rows.append(
            [
                question.asks,
                phrase(question.set_name) if question.set_name else "all test images",
                f"{question.written(question.low)} to {question.written(question.high)}",
                question.written(shipped[question]),
                question.written(value) if known else "–",
                MARKS[verdict(question, value)] if known else MARKS[Verdict.OPEN],
            ]
        )
    st.html(_STYLE)
    with st.container(key=f"sheet-{problem.name}"):
        table(head, rows, words=2)
    notes = dict.fromkeys(question.note for question in problem.questions if question.note)
    for note in notes:
        glossary.caption(f"{note[0].upper()}{note[1:]}.")
    for question in problem.questions:
        if verdict(question, own.get(question)) is Verdict.FAR:
            st.warning(f"{plain(question.asks)} {question.far}", icon=":material/search:")
    st.page_link(f"pages/{problem.page}.py", label="Play with it", icon=":material/arrow_forward:")
