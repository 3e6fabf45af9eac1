"""Files of weights that a visitor hands in: read in quarantine, known to this visitor alone, gone with the session."""

import re
import tempfile
from pathlib import Path
from typing import NamedTuple

import streamlit as st

from pages.common import services
from training.errors import UserError

__all__ = ["UPLOAD", "Uploaded", "upload_panel", "uploads"]

UPLOAD = "upload "
SUFFIXES = ["pt", "pth", "safetensors", "zip", "bin", "ckpt"]
MOST = 6
MOST_MEGABYTES = 200
LONGEST_NAME = 40


class Uploaded(NamedTuple):
    """A file of weights that was read and understood: where its tensors are now, and what they are."""

    path: Path
    family: str
    data: str


def uploads() -> dict[str, Uploaded]:
    """This visitor's files by the names that pickers show."""
    found: dict[str, Uploaded] = st.session_state.setdefault("uploads", {})
    return found


def upload_panel() -> None:
    """A place to hand in files; each is read once, and what is wrong with one is said beside it."""
    with st.popover("Your own weights", icon=":material/upload_file:", width="stretch"):
        st.markdown(
            "A `state_dict` of the homework's models: what `torch.save(model.state_dict(), path)` wrote, a "
            "`.safetensors` file, or the zip of a run folder. It stays with you, and goes when you close this tab."
        )
        with st.form("hand-in", clear_on_submit=True, border=False):
            files = st.file_uploader(
                "Files of weights",
                SUFFIXES,
                accept_multiple_files=True,
                key="weights",
                max_upload_size=MOST_MEGABYTES,
            )
            handed_in = st.form_submit_button("Read them", icon=":material/biotech:", width="stretch")
        if handed_in:
            st.session_state["upload-errors"] = _take_in(files)
            st.rerun()
        for sentence in st.session_state.get("upload-errors", []):
            st.error(sentence, icon=":material/error:")
        for name, file in uploads().items():
            st.markdown(f":material/check: **{name}**, a {file.family.upper()}")


def _take_in(files: list) -> list[str]:
    """Read files into the session; what is wrong, one sentence a file."""
    wrong = []
    with st.spinner("Reading"):
        for file in files:
            try:
                if len(uploads()) >= MOST:
                    raise UserError(f"{file.name[:LONGEST_NAME]} is one too many: a tab holds up to {MOST} files.")
                _read(file.name, file.getvalue())
            except UserError as error:
                wrong.append(str(error))
    return wrong


def _read(name: str, content: bytes) -> None:
    shown = re.sub(r"[^\w.-]+", "-", Path(name).stem)[:LONGEST_NAME].strip("-.") or "weights"
    known = uploads()
    shown = next(each for each in (shown, *(f"{shown}-{n}" for n in range(2, MOST + 2))) if each not in known)
    if "upload-folder" not in st.session_state:
        st.session_state["upload-folder"] = tempfile.TemporaryDirectory(prefix="elbo-lab-")  # gone with the session
    folder = Path(st.session_state["upload-folder"].name)
    raw, clean = folder / "handed-in", folder / f"{shown}.safetensors"
    raw.write_bytes(content)
    try:
        services.quarantine().read(raw, shown, clean)
        source = services.checkpoint(str(clean))
    except UserError:
        clean.unlink(missing_ok=True)
        raise
    finally:
        raw.unlink(missing_ok=True)
    known[shown] = Uploaded(clean, source.family.name, source.family.data)
