"""Pictures made of pixels, shown crisp at any size, with a text for who cannot see them."""

import base64
from pathlib import Path

import streamlit as st

__all__ = ["living_picture", "picture"]

_CRISP = "<style>[class*='st-key-pixels-'] img { image-rendering: pixelated; border-radius: 4px; width: 100%; }</style>"
_STILL = (
    "<style>.living-still { display: none; } @media (prefers-reduced-motion: reduce) "
    "{ .living-still { display: block; } .living-moving { display: none; } }</style>"
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


def living_picture(moving: Path, still: Path, *, alt: str, play: bool) -> None:
    """An animated WebP, or its still PNG: when asked, and for readers who prefer no motion."""
    st.html(_CRISP + _STILL)
    frames = [("living-still", "png", still)]
    if play:
        frames.append(("living-moving", "webp", moving))
    else:
        frames = [("living-shown", "png", still)]
    images = "".join(
        f'<img class="{css}" alt="{alt}" src="data:image/{kind};base64,{_encoded(str(file), file.stat().st_mtime_ns)}">'
        for css, kind, file in frames
    )
    with st.container(key="pixels-living"):
        st.html(images)


@st.cache_data(max_entries=8, show_spinner=False)
def _encoded(file: str, changed: int) -> str:
    return base64.b64encode(Path(file).read_bytes()).decode()
