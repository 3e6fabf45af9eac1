"""One number, large, in its quantity's colour."""

from typing import TYPE_CHECKING

import streamlit as st

from pages.draw.palette import swatch
from pages.kit.terms import term

if TYPE_CHECKING:
    from models.family import ImageKind

__all__ = ["quantity_tile"]


def quantity_tile(name: str, value: float | None, below: str, images: "ImageKind") -> None:
    """A reported term by its name: its value with its unit, and in small what it was measured on.

    Arguments:
        value: None while it would give the answer to a question away.
        images: what the model models, for the help text.
    """
    shown = term(name)
    st.metric(
        swatch(shown.quantity),
        "?" if value is None else shown.with_unit(value),
        "after your guess" if value is None else below,
        delta_color="off",
        delta_arrow="off",
        help=shown.help_for(images),
    )
