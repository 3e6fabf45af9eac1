"""Pictures made of pixels, shown crisp at any size, with a text for who cannot see them."""

import base64
import sys
import time
from html import escape
from pathlib import Path

import streamlit as st

__all__ = ["living_picture", "picture"]

HANDING_OUT_SECONDS = 0.3
_CRISP = "<style>[class*='st-key-pixels-'] img { image-rendering: pixelated; border-radius: 4px; width: 100%; }</style>"
_LIVING = (
    "<style>.living { display: grid; } .living img { grid-area: 1 / 1; } "
    "@media (prefers-reduced-motion: reduce) { .living-moving { display: none; } }</style>"
)


def picture(png: bytes | Path, *, alt: str, key: str, caption: str | None = None) -> None:
    """A PNG as wide as its column, its pixels kept sharp.

    Arguments:
        alt: what the picture shows, with its numbers.
        key: names the place of the picture, so that a new one takes it over without a flicker.
    """
    st.html(_CRISP)
    with st.container(key=f"pixels-{key}"):
        image = png if isinstance(png, bytes) else str(png)
        st.image(image, width="stretch", output_format="PNG", alt=alt, caption=caption)
    if "torch" not in sys.modules:  # loading it, which comes next, would keep the server from handing the picture out
        time.sleep(HANDING_OUT_SECONDS)


def living_picture(moving: Path, still: Path, *, alt: str, play: bool) -> None:
    """A still PNG, seen at once, and an animated WebP of the same size that covers it as soon as it is decoded.

    Only the still one shows where `play` is off, and for readers whose system asks for no motion.
    """
    st.html(_CRISP + _LIVING)
    images = f'<img alt="{escape(alt)}" src="data:image/png;base64,{_encoded(str(still), still.stat().st_mtime_ns)}">'
    if play:
        source = _encoded(str(moving), moving.stat().st_mtime_ns)
        images += f'<img class="living-moving" alt="" src="data:image/webp;base64,{source}">'
    with st.container(key="pixels-living"):
        st.html(f'<div class="living">{images}</div>')


@st.cache_data(max_entries=8, show_spinner=False)
def _encoded(file: str, changed: int) -> str:
    return base64.b64encode(Path(file).read_bytes()).decode()
