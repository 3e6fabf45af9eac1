"""Rows of small images, each row with a label before it."""

import base64
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import streamlit as st

from training.system.templates import template

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Strip", "strip_of", "strips"]

_TEMPLATE = Path(__file__).with_suffix(".html")


class Strip(NamedTuple):
    """One row.

    Attributes:
        label, note: stand before the row, the note in a second line.
        alt: what the images show.
        idle: framed by a dashed line.
    """

    label: str
    note: str
    png: bytes
    alt: str
    idle: bool = False


def strip_of(pixels: "Tensor") -> bytes:
    """Images with values in 0..1, (n, side * side), side by side as a PNG."""
    from training.pictures import grids as pictures

    images = pictures.to_uint8(pixels)
    return pictures.png_bytes(pictures.grid(images, columns=len(images)))


def strips(rows: list[Strip]) -> None:
    """Draw the rows under each other."""
    shown = [{**row._asdict(), "source": base64.b64encode(row.png).decode()} for row in rows]
    st.html(template(_TEMPLATE).render(rows=shown))
