"""Theory, the KL of a mixture: one sample of it, bounds in closed form, and its parts over many images."""

from typing import Any

import streamlit as st

from pages.choose.evaluation_images import held_out
from pages.kit import services
from pages.theory.page import Subject, theory_page
from training.theory.measured import Numbers


@st.cache_data(max_entries=64, show_spinner="Drawing codes", hash_funcs=services.BY_WEIGHTS)
def computed(shipped: str, source: Any, data: str, position: int) -> Numbers:
    """Numbers of the lines."""
    from training.theory.mixture_kl import mixture_kl_numbers

    images = held_out(data).images
    return mixture_kl_numbers(source.model, images[position], images)


def numbers(subject: Subject) -> Numbers:
    """Of the lines."""
    return computed(*subject)


theory_page(__file__, numbers)
