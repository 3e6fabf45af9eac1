"""Pictures made of pixels, shown crisp at any size, with a text for who cannot see them."""

import base64
import re
import sys
import time
from html import escape
from io import BytesIO
from pathlib import Path
from urllib.parse import quote

import streamlit as st
from PIL import Image

__all__ = ["literal", "living_picture", "picture"]

SENDING_SECONDS = 0.1
WIDER_THAN_ANY_COLUMN = 8000
JPEG_QUALITY = 90
ADDRESS = "/+=:;,"  # what an address holds as it is
_LIVING = Path(__file__).with_name("living_picture.css")


def picture(shown: bytes | Path | Image.Image, *, alt: str, key: str, caption: str | None = None) -> None:
    """A PNG, or a picture in colours that is not encoded yet, as wide as its column, its pixels kept sharp.

    It is Markdown and not `st.image`: the browser must fetch that element's code before it shows the first one, half
    a second on a first visit, and asks for the pixels after that.

    Arguments:
        alt: what the picture shows, with its numbers.
        key: names the place of the picture, so that a new one takes it over without a flicker.
    """
    with st.container(key=f"pixels-{key}"):
        content = shown.read_bytes() if isinstance(shown, Path) else shown
        st.markdown(f"![{literal(alt)}]({_as_wide_as_its_place(content)})", width="stretch")
        if caption is not None:
            st.caption(caption)
    if "torch" not in sys.modules:  # loading it, which comes next, would keep the server from sending the picture
        time.sleep(SENDING_SECONDS)


def _as_wide_as_its_place(shown: bytes | Image.Image) -> str:
    """The address of a drawing that holds the picture, scales it up without a blur, and asks for all the width.

    Colours go as JPEG of high quality, none of them thinned out: the browser reads every byte as text before it shows
    the picture, and a PNG of 200 house numbers has four times as many.
    """
    image = Image.open(BytesIO(shown)) if isinstance(shown, bytes) else shown
    width, height = image.size
    if isinstance(shown, bytes) and image.mode != "RGB":
        kind, content = "png", shown
    else:
        kind, content = "jpeg", _jpeg(image)
    before = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{WIDER_THAN_ANY_COLUMN}" '
        f'height="{WIDER_THAN_ANY_COLUMN * height / width}"><image width="{width}" height="{height}" '
        f'style="image-rendering: pixelated" href="data:image/{kind};base64,'
    )
    drawing = quote(before, safe=ADDRESS) + base64.b64encode(content).decode() + quote('"/></svg>', safe=ADDRESS)
    return f"data:image/svg+xml,{drawing}"


def _jpeg(image: Image.Image) -> bytes:
    light = BytesIO()
    image.save(light, format="jpeg", quality=JPEG_QUALITY, subsampling=0)
    return light.getvalue()


def literal(text: str) -> str:
    """Markdown of one line that reads exactly as the text does."""
    return re.sub(r"[!-/:-@\[-`{-~]", r"\\\g<0>", " ".join(text.split()))


def living_picture(moving: Path, still: Path, *, alt: str, play: bool) -> None:
    """A still PNG, seen at once, and an animated WebP of the same size that covers it as soon as it is decoded.

    Only the still one shows where `play` is off, and where the visitor's system asks for no motion.
    """
    st.html(_LIVING)
    images = f'<img alt="{escape(alt)}" src="data:image/png;base64,{_encoded(str(still), still.stat().st_mtime_ns)}">'
    if play:
        source = _encoded(str(moving), moving.stat().st_mtime_ns)
        images += f'<img class="living-moving" alt="" src="data:image/webp;base64,{source}">'
    with st.container(key="pixels-living"):
        st.html(f'<div class="living">{images}</div>')


@st.cache_data(max_entries=8, show_spinner=False)
def _encoded(file: str, changed: int) -> str:
    return base64.b64encode(Path(file).read_bytes()).decode()
