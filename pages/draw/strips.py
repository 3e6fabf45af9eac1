"""Rows of small images, each row with a label before it."""

import base64
from html import escape
from typing import TYPE_CHECKING, NamedTuple

import streamlit as st

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Strip", "strip_of", "strips"]

_STYLE = """<style>
.strips { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 4px 1rem; align-items: center; }
.strips img { display: block; width: 100%; image-rendering: pixelated; border-radius: 3px; }
.strips .label { font-variant-numeric: tabular-nums; font-size: 0.875rem; line-height: 1.25; }
.strips .note { opacity: 0.7; }
.strips-place { container-type: inline-size; }
@container (max-width: 26rem) {
  .strips { grid-template-columns: minmax(0, 1fr); }
  .strips .label br { display: none; }
}
.strips .idle { outline: 2px dashed rgba(124, 132, 148, 0.9); outline-offset: -2px; }
</style>"""


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
    cells = []
    for row in rows:
        marked = ' class="idle"' if row.idle else ""
        note = f' <br><span class="note">{escape(row.note)}</span>'
        cells.append(f'<div class="label">{escape(row.label)}{note}</div>')
        source = base64.b64encode(row.png).decode()
        cells.append(f'<img{marked} alt="{escape(row.alt)}" src="data:image/png;base64,{source}">')
    st.html(f'{_STYLE}<div class="strips-place"><div class="strips">{"".join(cells)}</div></div>')
