"""Theory, labels summed out: the semi-supervised objective of one image, label by label."""

from typing import Any

import streamlit as st

from pages.kit import services
from pages.theory.page import Subject, theory_page
from training.theory.measured import Numbers


@st.cache_data(max_entries=64, show_spinner="Summing over the labels", hash_funcs=services.BY_WEIGHTS)
def computed(shipped: str, source: Any, data: str, position: int) -> Numbers:
    """Numbers of the lines."""
    from training.theory.summed_labels import label_numbers

    subject = Subject(shipped, source, data, position)
    return label_numbers(source.model, subject.image, subject.label)


def numbers(subject: Subject) -> Numbers:
    """Of the lines."""
    return computed(*subject)


theory_page(__file__, numbers)
