"""One image to ask a model about: a held-out one, or a drawing of the visitor."""

from typing import NamedTuple

import numpy as np
import streamlit as st

from pages.choose.drawing_pad import drawing_pad
from pages.choose.evaluation_images import held_out, name_of, pick_digit
from pages.kit.address import page_key
from training.data.registry import at_hand

__all__ = ["AskedDigit", "asked_digit"]

SOURCES = {"held-out": "Held-out", "drawn": "Draw one"}


class AskedDigit(NamedTuple):
    """An image, uint8 (784,), and its name on the page."""

    grey: np.ndarray
    name: str


def asked_digit(data: str, default: str = "3, no. 1", *, key: str = "asked-digit") -> AskedDigit | None:
    """Choose a held-out image, or draw one if its data set is of things that a pen draws; None while nothing is drawn.

    Arguments:
        data: name of the data set.
        default: the held-out digit to begin with.
        key: of the held-out digit in the page's address.
    """
    images = at_hand(data)
    kind = (
        "held-out"
        if not images.drawable
        else st.segmented_control(
            images.noun.capitalize(),
            list(SOURCES),
            default="held-out",
            required=True,
            format_func=SOURCES.__getitem__,
            key=page_key("asked"),
            bind="query-params",
            width="stretch",
            help="A digit drawn here is scaled into 20 by 20 pixels and centred by its mass, as MNIST's were.",
        )
    )
    if kind == "held-out":
        position = pick_digit(data, f"Held-out {images.noun}", key, default)
        image = held_out(data).images[position]
        return AskedDigit((image * 255).byte().numpy(), f"the held-out {images.noun} {name_of(data, position)}")
    grey = drawing_pad("paper")
    return None if grey is None else AskedDigit(grey, "the digit you drew")
