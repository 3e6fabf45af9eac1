"""Files of weights that a visitor hands in: read in quarantine, known to this visitor alone, gone with the session."""

import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import streamlit as st

from pages.kit import frame, services
from training.system.errors import UserError
from training.system.folders import pretrained_names

if TYPE_CHECKING:
    from training.diagnosis.findings import Diagnosis

__all__ = [
    "UPLOAD",
    "Diagnosed",
    "Uploaded",
    "diagnosed_uploads",
    "newly_uploaded",
    "take_uploads",
    "upload_panel",
    "uploads",
]

UPLOAD = "upload "
SUFFIXES = ["pt", "pth", "safetensors", "zip", "bin", "ckpt"]
MOST = 6
MOST_MEGABYTES = 200
LONGEST_NAME = 40
MOST_FINDINGS = 12


class Uploaded(NamedTuple):
    """A file of weights that was read and understood: where its tensors are now, and what they are."""

    path: Path
    family: str
    data: str


class Diagnosed(NamedTuple):
    """A file that came in: what is wrong with it, and what was found in it if it holds tensors at all."""

    name: str
    sentence: str
    diagnosis: "Diagnosis | None"


def uploads() -> dict[str, Uploaded]:
    """This visitor's files by the names that pickers show."""
    found: dict[str, Uploaded] = st.session_state.setdefault("uploads", {})
    return found


def newly_uploaded() -> list[str]:
    """Pickers' choices for the files that came in since this was last asked, and for the shipped models beside them."""
    choices: list[str] = []
    for name in st.session_state.pop("newly-handed-in", []):
        if name in uploads():
            beside = [uploads()[name].family] if uploads()[name].family in pretrained_names() else []
            choices += [*(f"shipped {family}" for family in beside), UPLOAD + name]
    return choices


def diagnosed_uploads() -> list[Diagnosed]:
    """What came in and what was found in it, the latest first; of each name the latest alone."""
    found: list[Diagnosed] = st.session_state.setdefault("handed-in", [])
    return found


def upload_panel() -> None:
    """A place to hand in files, behind a button; each is read once, and what is wrong with one is said beside it."""
    with st.popover("Your own weights", icon=":material/upload_file:", width="stretch"):
        take_uploads()
        for sentence in st.session_state.get("upload-errors", []):
            st.error(frame.plain(sentence), icon=":material/error:")
        if any(entry.diagnosis is not None for entry in diagnosed_uploads()):
            st.page_link("pages/clinic.py", label="What was found in them", icon=":material/biotech:")
        for name, file in uploads().items():
            st.markdown(f":material/check: **{name}** ({file.family.upper()})")


def take_uploads() -> None:
    """The form that takes files in."""
    with st.form("hand-in", clear_on_submit=True, border=False):
        files = st.file_uploader(
            "Files of weights",
            SUFFIXES,
            accept_multiple_files=True,
            key="weights",
            max_upload_size=MOST_MEGABYTES,
            help="A `state_dict` of the homework's models: what `torch.save(model.state_dict(), path)` wrote, a "
            "`.safetensors` file, or the zip of a run folder. It stays with you, and goes when you close this tab.",
        )
        sent = st.form_submit_button("Read them", icon=":material/biotech:", width="stretch")
    if sent:
        st.session_state["upload-errors"] = _take_in(files)
        st.rerun()


def _take_in(files: list) -> list[str]:
    """Read files into the session; what is wrong, one sentence a file."""
    wrong = []
    with st.spinner("Reading"):
        for file in files:
            shown = _shown_name(file.name)
            sentence, diagnosis = _read(shown, file.getvalue())
            if sentence:
                wrong.append(sentence)
            entry = Diagnosed(shown, sentence, diagnosis)
            st.session_state["handed-in"] = [entry, *(e for e in diagnosed_uploads() if e.name != shown)][
                :MOST_FINDINGS
            ]
    return wrong


def _shown_name(name: str) -> str:
    shown = re.sub(r"[^\w.-]+", "-", Path(name).stem)[:LONGEST_NAME].strip("-.") or "weights"
    return next(each for each in (shown, *(f"{shown}-{n}" for n in range(2, MOST + 2))) if each not in uploads())


def _read(shown: str, content: bytes) -> "tuple[str, Diagnosis | None]":
    """Take one file in under a name; what is wrong with it, and what was found in it if it holds tensors at all."""
    if len(uploads()) >= MOST:
        return f"{shown} is one too many: a tab holds up to {MOST} files.", None
    if "upload-folder" not in st.session_state:
        st.session_state["upload-folder"] = tempfile.TemporaryDirectory(prefix="elbo-lab-")  # gone with the session
    folder = Path(st.session_state["upload-folder"].name)
    raw, clean = folder / "handed-in", folder / f"{shown}.safetensors"
    raw.write_bytes(content)
    diagnosis = None
    try:
        services.quarantine().read(raw, shown, clean)
        diagnosis = _diagnosis(clean, shown)
        source = services.checkpoint(str(clean))
    except UserError as error:
        clean.unlink(missing_ok=True)
        return str(error), diagnosis
    finally:
        raw.unlink(missing_ok=True)
    uploads()[shown] = Uploaded(clean, source.family.name, source.data)
    st.session_state.setdefault("newly-handed-in", []).append(shown)
    return "", diagnosis


def _diagnosis(clean: Path, shown: str) -> "Diagnosis":
    from training.checkpoints.reading import read_tensors
    from training.diagnosis.findings import diagnose

    tensors, facts = read_tensors(clean.read_bytes(), shown)
    return diagnose(tensors, shown, facts)
