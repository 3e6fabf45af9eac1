"""A run to take along: as a bundle that opens again elsewhere."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from training.runs.run_folder import Run

__all__ = ["taking_along"]


def taking_along(run: "Run") -> None:
    """Every form in which a run can leave, each made only when it is asked for."""
    from training.takeaway.bundle import bundle, bundle_name

    with st.popover("Take it with you", icon=":material/luggage:", width="stretch"):
        _download(
            "The whole run",
            lambda: bundle(run),
            bundle_name(run),
            "application/zip",
            key="bundle",
            help="One zip: curves, pictures, weights, notes, and the state to resume from. *Open a run* on the page "
            "Runs of any copy of the app, or `python -m training runs open`, makes it a run again.",
        )


def _download(label: str, made: Callable[[], bytes | str], name: str, mime: str, *, key: str, help: str) -> None:
    st.download_button(
        label,
        made,
        name,
        mime,
        icon=":material/download:",
        on_click="ignore",
        key=f"take-{key}",
        help=help,
        width="stretch",
    )
