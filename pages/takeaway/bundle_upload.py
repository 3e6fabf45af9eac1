"""The place where a bundle is uploaded and becomes a run."""

import tempfile
from pathlib import Path

import streamlit as st

from pages.kit import frame, services
from training.system.errors import UserError
from training.system.scratch import prefix

__all__ = ["open_a_run"]

CAME, WRONG, OPENED = "opened-run", "opening-error", "runs-opened"
LONGEST_NAME = 60


def open_a_run() -> str:
    """A form that takes a bundle, what came of the last one, and the id of the run that came in just now, or ""."""
    opened = st.session_state.get(OPENED, 0)  # another key is another popover: closed, so that the run is seen
    with (
        st.popover("Open a run", icon=":material/unarchive:", key=f"open-a-run-{opened}"),
        st.form("open-run", clear_on_submit=True, border=False),
    ):
        file = st.file_uploader(
            "A run as one zip",
            ["zip"],
            key="bundle-file",
            help="What *Take it with you* or `python -m training runs bundle` wrote, here or elsewhere. Nothing in it "
            "is run. "
            f"Larger than {st.get_option('server.maxUploadSize')} MB: `python -m training runs open`.",
        )
        if st.form_submit_button("Open it", icon=":material/unarchive:", width="stretch"):
            _open(file)
    if wrong := st.session_state.pop(WRONG, ""):
        st.error(frame.plain(wrong), icon=":material/error:")
    came = str(st.session_state.pop(CAME, ""))
    if came:
        st.success(f"The run {frame.plain(came)} is here.", icon=":material/unarchive:")
    return came


def _open(file: "st.runtime.uploaded_file_manager.UploadedFile | None") -> None:
    from training.takeaway.opening import open_bundle

    if file is None:
        st.session_state[WRONG] = "Choose a file first: the zip of a run."
        return
    name = Path(file.name).name[:LONGEST_NAME]
    if file.size > 2**20 * (most := st.get_option("server.maxUploadSize")):  # the browser was asked not to
        st.session_state[WRONG] = f"{name} has {file.size / 2**20:,.0f} MB: the limit is {most} MB a file."
        return
    with st.spinner("Checking it"), tempfile.NamedTemporaryFile(prefix=prefix(), suffix=".zip") as kept:
        kept.write(file.getbuffer())
        kept.flush()
        try:
            st.session_state[CAME] = open_bundle(Path(kept.name), services.quarantine(), name=name).id
            st.session_state[OPENED] = st.session_state.get(OPENED, 0) + 1
        except UserError as error:
            st.session_state[WRONG] = str(error)
    st.rerun()
