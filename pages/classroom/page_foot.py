"""The foot of every page: what a teacher does with the page as it is seen."""

import streamlit as st

from pages.classroom.lesson_draft import lesson_from_here
from pages.classroom.projecting import projecting_switch

__all__ = ["page_foot"]

NOT_IN_A_LESSON = ("lesson", "room", "server")


def page_foot(page: str) -> None:
    """A row of quiet buttons below a page.

    Arguments:
        page: its name.
    """
    st.space("small")
    with st.container(horizontal=True, key="page-foot", vertical_alignment="center"):
        if page not in NOT_IN_A_LESSON:
            lesson_from_here(page)
        projecting_switch()
