"""While another training takes the only place: which one, and when the place is free."""

from collections.abc import Callable

import streamlit as st

from training.runs.run_index import active_run

__all__ = ["waiting"]


def waiting(active: str, watch: Callable[[str], None]) -> None:
    """Name the training under way, with a way to it; once it has ended, the page runs again. Draw it where it ticks.

    Arguments:
        active: id of the run.
        watch: what the button calls with it.
    """
    if active_run() != active:
        st.rerun()
    st.info(f"{active} is training now. One training runs at a time.", icon=":material/hourglass_top:")
    st.button("Watch it", on_click=watch, args=[active], key="watch", width="stretch")
