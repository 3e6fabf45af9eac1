"""Theory, IWAE: importance sampling, Jensen, the subset argument, limit and rate, on one image's weights."""

from typing import Any

import streamlit as st

from pages.kit import services
from pages.measure.ladder_drawing import Ladder, drawing
from pages.theory.page import Subject, theory_page
from training.system.number_format import signed
from training.theory.measured import Numbers

LADDER = (1, 10, 100, 1000)


@st.cache_data(max_entries=64, show_spinner="Drawing importance weights", hash_funcs=services.BY_WEIGHTS)
def computed(shipped: str, source: Any, data: str, position: int) -> Numbers:
    """Numbers of the lines, from one stream of weights."""
    from training.theory.bounds import bound_numbers

    subject = Subject(shipped, source, data, position)
    return bound_numbers(source.model, subject.image, subject.label)


def numbers(subject: Subject) -> Numbers:
    """Of the lines."""
    return computed(*subject)


def ladder(subject: Subject, numbers: Numbers) -> None:
    """Negative bounds of this image over m."""
    bounds = {m: (-numbers[f"bound_{m}"].value, numbers[f"bound_{m}"].error) for m in LADDER}
    summary = ", ".join(f"{signed(value)} at m = {m}" for m, (value, _) in bounds.items())
    title = f"{subject.shipped}, {subject.name}"
    with st.container(key="chart-ladder"):
        st.html(drawing([Ladder(title, bounds)], f"Negative bounds of one image in nats, falling with m: {summary}"))


theory_page(__file__, numbers, ladder)
