"""Paper to draw a digit on; what is drawn arrives scaled and centred as MNIST's digits are."""

import base64
import binascii
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from training.system.errors import UserError

__all__ = ["drawing_pad", "read_ink"]

SIDE = 112
LABEL = (
    "Paper: draw a digit with the pointer. By keyboard: arrow keys move the pen, Space lowers or lifts it, "
    "Delete clears"
)
_HERE = Path(__file__).parent

_pad: Callable[..., Any] = st.components.v2.component(
    "drawing_pad",
    html=(_HERE / "drawing_pad.html").read_text(encoding="utf-8"),
    css=(_HERE / "drawing_pad.css").read_text(encoding="utf-8"),
    js=(_HERE / "drawing_pad.js").read_text(encoding="utf-8"),
)


def drawing_pad(key: str) -> np.ndarray | None:
    """The paper; returns the digit on it, grey uint8 (784,), or None while there is none."""
    drawn = _pad(data={"side": SIDE, "label": LABEL}, key=key, on_ink_change=lambda: None)
    return read_ink(drawn.get("ink"))


def read_ink(ink: object) -> np.ndarray | None:
    """A digit, grey uint8 (784,), from what a browser sent; None where that is empty, or no drawing."""
    from training.pictures.drawings import as_mnist

    if not isinstance(ink, str):
        return None
    try:
        values = np.frombuffer(base64.b64decode(ink, validate=True), np.uint8)
        return as_mnist(values.reshape(SIDE, SIDE))
    except (binascii.Error, ValueError, UserError):
        return None
