"""Projecting: a page for the last row. Type, pictures and numbers are larger, and nothing is said by hovering alone.

    ?projecting=1

The switch is in every page's foot, the address keeps it from page to page, and the visit remembers it.
"""

from pathlib import Path

import streamlit as st

from pages.draw.projecting import KEY, is_projecting
from pages.kit.address import page_script, show_view

__all__ = ["project", "projecting_switch"]

_STYLE = Path(__file__).with_suffix(".css")


def project(page: str) -> None:
    """Make a page large, if this visitor projects; call it before the page.

    Arguments:
        page: its name.
    """
    if st.query_params.get(KEY) == "1":  # as one types it
        asked = {key: st.query_params.get_all(key) for key in st.query_params}
        show_view(page_script(page) or "pages/home.py", asked | {KEY: ["true"]})
    if is_projecting():
        st.html(_STYLE)


def projecting_switch() -> None:
    """The switch."""
    st.toggle("Projecting", key=KEY, bind="query-params", help="Larger type and pictures, for the last row of a hall.")
