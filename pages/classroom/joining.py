"""The way into a room: its code in letters for the last row, and as a QR code for phones."""

from functools import lru_cache
from urllib.parse import urlencode, urlsplit

import streamlit as st

from pages.kit.address import link

__all__ = ["way_in"]

LOOPBACK = ("localhost", "127.0.0.1", "::1")
_CODE = (
    "<p style='font-size: clamp(2.5rem, 7vw, 5.5rem); font-weight: 700; letter-spacing: 0.12em; line-height: 1; "
    "margin: 0 0 0.5rem'>CODE</p>"
)


def way_in(code: str) -> None:
    """The code and how to join by it."""
    st.html(_CODE.replace("CODE", code))
    address = _address(code)
    st.image(_qr(address), width=280, caption="Joins this room")
    st.code(address, language=None, wrap_lines=True)
    if (urlsplit(address).hostname or "") in LOOPBACK:
        st.caption(
            "This address leads to your own machine alone: open the app by the machine's address in the network, and "
            "phones can join."
        )


def _address(code: str) -> str:
    here = (st.context.url or "").partition("?")[0].rpartition("/")[0]
    return f"{here}/room?{urlencode(link('room', code=code))}"


@lru_cache(maxsize=64)
def _qr(address: str) -> str:
    """The address as a QR code, dark on light in both themes, which is how phones read it: an SVG."""
    import segno

    return segno.make(address, error="m").svg_inline(scale=8, border=4, light="white", dark="black")
