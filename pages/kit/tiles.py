"""One number, large, in its quantity's colour."""

import streamlit as st

from pages.draw.palette import swatch
from pages.kit.terms import term

__all__ = ["quantity_tile"]


def quantity_tile(name: str, value: float, below: str) -> None:
    """A reported term by its name: its value with its unit, and in small what it was measured on."""
    shown = term(name)
    st.metric(
        swatch(shown.quantity),
        shown.with_unit(value),
        below,
        delta_color="off",
        delta_arrow="off",
        help=shown.help,
    )
