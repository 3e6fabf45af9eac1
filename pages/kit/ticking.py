"""Parts of a page that run again by themselves while something goes on behind them."""

from collections.abc import Callable

import streamlit as st

from pages.kit.guard import section

__all__ = ["TICK_SECONDS", "duration", "ticking"]

TICK_SECONDS = 1.0  # from one look at a training to the next

# Streamlit dims what a run has not redrawn yet; on a busy machine that would be a flicker at every tick.
_STEADY = "<style>[class*='st-key-ticking-'] [data-stale='true'] { opacity: 1; transition: none; }</style>"


def ticking(panel: Callable[[], None], *, key: str, seconds: float | None) -> None:
    """Draw a part of the page, and draw it anew by itself without ever dimming it.

    Arguments:
        key: names the part; each has a place of its own.
        seconds: from one run to the next; None: it runs again only for its own widgets.
    """
    st.html(_STEADY)
    with st.container(key=f"ticking-{key}"):
        st.fragment(section(key)(panel), run_every=seconds, key=key)()


def duration(seconds: float) -> str:
    """A time a person can plan with: "40 s", "3 min", "2 h 10 min"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
