"""A run to take along: as a bundle that opens again elsewhere, as a program, as numbers."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import streamlit as st

from pages.kit import frame

if TYPE_CHECKING:
    from training.runs.run_folder import Run

__all__ = ["taking_along"]


def taking_along(run: "Run") -> None:
    """Every form in which a run can leave, each made only when it is asked for."""
    from training.takeaway.bundle import bundle, bundle_name
    from training.takeaway.measurements import events_zip, measurements_csv, why_no_events
    from training.takeaway.script import notebook, retrain_script, why_no_script

    with st.popover("Take it with you", icon=":material/luggage:", width="stretch"):
        _download(
            "The whole run",
            lambda: bundle(run),
            bundle_name(run),
            "application/zip",
            ":material/folder_zip:",
            help="One zip: curves, pictures, weights, notes, and the state to resume from. *Open a run* on the page "
            "Runs of any copy of the app, or `python -m training runs open`, makes it a run again.",
        )
        if why := why_no_script(run):
            st.caption(frame.plain(why))
        else:
            script, book = f"{run.id}.py", f"{run.id}.ipynb"
            _download(
                "Python script",
                lambda: retrain_script(run, script).encode(),
                script,
                "text/x-python",
                ":material/code:",
                help="One file that trains it again with PyTorch alone: the model's classes, the loop, the settings. "
                "On this machine it ends with the run's NELBO to the last bit.",
            )
            _download(
                "Notebook",
                lambda: notebook(run).encode(),
                book,
                "application/x-ipynb+json",
                ":material/menu_book:",
                help="The same for Jupyter, a cell for each part.",
            )
        _download(
            "Measurements as CSV",
            lambda: measurements_csv(run),
            f"{run.id}.csv",
            "text/csv",
            ":material/table:",
            help="A row for each measurement, on training batches and on held-out images.",
        )
        if why := why_no_events():
            st.caption(why)
        else:
            _download(
                "For TensorBoard",
                lambda: events_zip(run),
                f"{run.id}-events.zip",
                "application/zip",
                ":material/ssid_chart:",
                help="Unpack it, then `tensorboard --logdir` with that folder.",
            )


def _download(label: str, made: Callable[[], bytes], name: str, mime: str, icon: str, *, help: str) -> None:
    st.download_button(
        label,
        made,
        name,
        mime,
        icon=icon,
        on_click="ignore",
        key=f"take-{label}",
        help=help,
        width="stretch",
    )
