"""Files of weights that a visitor uploads: read in quarantine, known to this visitor alone, kept in the workspace.

Where there is no workspace that a reload finds again, they are gone with the session.
"""

import re
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import streamlit as st

from pages.kit import frame, services
from pages.kit.address import page_key
from pages.kit.guard import plain
from training.checkpoints.model_ref import ModelRef, model_ref
from training.people.kept_files import KeptFile, forget_file, keep_file, kept_files, kept_folder
from training.people.limits import limits
from training.people.viewer import viewer
from training.system.errors import UserError
from training.system.folders import pretrained_names
from training.system.scratch import prefix

if TYPE_CHECKING:
    from training.diagnosis.findings import Diagnosis

__all__ = [
    "Diagnosed",
    "diagnosed_uploads",
    "newly_uploaded",
    "recall_diagnoses",
    "take_uploads",
    "upload_panel",
    "uploads",
]

SUFFIXES = ["pt", "pth", "safetensors", "zip", "bin", "ckpt"]
LONGEST_NAME = 40
MOST_NAMED = 1000
MOST_FINDINGS = 12
SAME_AS = "holds the same weights as"


class Diagnosed(NamedTuple):
    """A file that came in: what is wrong with it, and what was found in it if it holds tensors at all."""

    name: str
    sentence: str
    diagnosis: "Diagnosis | None"


def uploads() -> dict[str, ModelRef]:
    """This visitor's files by the names that pickers show."""
    if "uploads" not in st.session_state:
        kept = kept_files(viewer()).items()
        st.session_state["uploads"] = {
            name: ModelRef("upload", name, file, facts.family, facts.data, facts.sha256) for name, (file, facts) in kept
        }
    found: dict[str, ModelRef] = st.session_state["uploads"]
    return found


def _folder() -> Path:
    """Where this visitor's files lie: in the workspace, else in a folder that goes with the session."""
    if (folder := kept_folder(viewer())) is not None:
        folder.mkdir(parents=True, exist_ok=True)
        return folder
    if "upload-folder" not in st.session_state:
        st.session_state["upload-folder"] = tempfile.TemporaryDirectory(prefix=prefix())
    return Path(st.session_state["upload-folder"].name)


def newly_uploaded() -> list[ModelRef]:
    """The files that came in since this was last asked, each after the shipped model of its family."""
    models: list[ModelRef] = []
    for name in st.session_state.pop("new-uploads", []):
        if (ref := uploads().get(name)) is not None:
            models += [*([model_ref("shipped", ref.family)] if ref.family in pretrained_names() else []), ref]
    return models


def diagnosed_uploads() -> list[Diagnosed]:
    """What came in and what was found in it, the latest first; of each name the latest alone."""
    found: list[Diagnosed] = st.session_state.setdefault("diagnosed", [])
    return found


def recall_diagnoses() -> None:
    """Find out again what is in the files that an earlier session uploaded."""
    known = {entry.name for entry in diagnosed_uploads()}
    for name, ref in [(name, ref) for name, ref in uploads().items() if name not in known]:
        try:
            found = Diagnosed(name, "", services.admitted_again(ref).diagnosis)
        except UserError as error:
            found = Diagnosed(name, str(error), None)
        st.session_state["diagnosed"] = [*diagnosed_uploads(), found][:MOST_FINDINGS]


def upload_panel() -> None:
    """A place to upload files, behind a button; each is read once, and what is wrong with one stands beside it."""
    with st.popover("Your own weights", icon=":material/upload_file:", width="stretch"):
        take_uploads()
        for sentence in st.session_state.get("upload-errors", []):
            st.error(frame.plain(sentence), icon=":material/error:")
        if any(entry.diagnosis is not None for entry in diagnosed_uploads()):
            st.page_link("pages/clinic.py", label="What was found in them", icon=":material/biotech:")


def _one_file(name: str, file: ModelRef) -> None:
    """A file that was read, and a button that removes it."""
    said, away = st.columns([3, 1], vertical_alignment="center")
    said.markdown(f":material/check: **{plain(name)}** ({file.family.upper()})")
    away.button("Remove", on_click=_remove, args=[name], key=f"remove-{name}", type="tertiary", help=f"Remove {name}")


def _same_weights(sha256: str) -> str:
    """The name of the file that holds these weights already; "" where none does."""
    return next((name for name, file in uploads().items() if file.sha256 == sha256), "")


def _remove(name: str) -> None:
    """Forget a file, what was found in it, and that it was chosen on this page."""
    state, file = st.session_state, uploads().pop(name)
    forget_file(viewer(), name)
    file.path.unlink(missing_ok=True)
    twins = f"{SAME_AS} {name}:"
    state["diagnosed"] = [entry for entry in diagnosed_uploads() if entry.name != name and twins not in entry.sentence]
    state["upload-errors"] = []
    for key in (page_key("models"), page_key("runs")):
        if file.title in state.get(key, []):
            state[key] = [title for title in state[key] if title != file.title]


def take_uploads() -> None:
    """The form that takes files in, and those that are here; what is wrong with one is kept for the session."""
    for name, ref in uploads().items():
        _one_file(name, ref)
    with st.form("upload", clear_on_submit=True, border=False):
        files = st.file_uploader(
            "Files of weights",
            SUFFIXES,
            accept_multiple_files=True,
            key="weights",
            help="A `state_dict` of the homework's models: what `torch.save(model.state_dict(), path)` wrote, a "
            "`.safetensors` file, or the zip of a run folder. Nobody else sees it, and you can remove it.",
        )
        sent = st.form_submit_button("Read them", icon=":material/biotech:", width="stretch")
    if not sent:
        return
    from training.diagnosis.admit_upload import Admitted, admit

    wrong = st.session_state["upload-errors"] = []
    most_files = limits().workspace.uploads
    folder = _folder()
    with st.spinner("Reading"), tempfile.TemporaryDirectory(prefix=".reading-", dir=folder) as beside:
        for file in files:
            stem = re.sub(r"[^\w.-]+", "-", Path(file.name).stem)[:LONGEST_NAME].strip("-.") or "weights"
            taken = {*uploads(), *kept_files(viewer())}  # by this tab, or by another one
            name = next(free for free in (stem, *(f"{stem}-{n}" for n in range(2, MOST_NAMED))) if free not in taken)
            if file.size > 2**20 * (most := st.get_option("server.maxUploadSize")):  # the browser was asked not to
                came = Admitted(None, None, f"{name} has {file.size / 2**20:,.0f} MB: the limit is {most} MB a file.")
            elif len(uploads()) < most_files:
                came = admit(file.getvalue(), name, Path(beside), services.quarantine())
            else:
                came = Admitted(
                    None, None, f"{name} is one too many: {most_files} files are kept, so remove one first."
                )
            if (read := came.checkpoint) is not None and (twin := _same_weights(read.sha256)):
                came = Admitted(None, None, f"{name} {SAME_AS} {twin}: it is the same model.")
                wrong.append(came.sentence)
            elif read is not None:
                read = replace(read, file=read.file.replace(folder / read.file.name))
                uploads()[name] = ModelRef("upload", name, read.file, read.family.name, read.data, read.sha256)
                services.checkpoint(uploads()[name], read)
                keep_file(viewer(), name, KeptFile(family=read.family.name, data=read.data, sha256=read.sha256))
                st.session_state.setdefault("new-uploads", []).append(name)
            else:
                wrong.append(came.sentence)
            others = [entry for entry in diagnosed_uploads() if entry.name != name]
            st.session_state["diagnosed"] = [Diagnosed(name, came.sentence, came.diagnosis), *others][:MOST_FINDINGS]
    st.rerun()
