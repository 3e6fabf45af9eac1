"""Names, notes and tags of runs; deleting them, and the bin."""

import math
import time
from collections.abc import Sequence
from contextlib import suppress

import streamlit as st

from pages.kit import frame
from pages.kit.address import link, page_key
from pages.takeaway.taking_along import taking_along
from training.lab.run_bin import KEPT_SECONDS, binned_folders, binned_runs, empty_bin, restore_run, throw_away
from training.lab.run_index import notes_of
from training.lab.run_notes import LONGEST_NAME, LONGEST_NOTE, MOST_TAGS, change_notes
from training.lab.run_summaries import RunSummary
from training.people.rights import find_run, may, run_folder
from training.people.viewer import viewer
from training.runs.run_folder import Run
from training.system.errors import UserError

__all__ = ["bin_panel", "deleting", "notes_form"]

SAID, DELETED = "said-of-runs", "just-deleted"
MOST_LISTED = 20


def notes_form(runs: Sequence[RunSummary]) -> None:
    """Name, note and tags of one of these runs, and ways to take it along; only of runs that are the visitor's own."""
    own = {run.id: run for run in runs if run.origin == "run" and may(viewer(), "change", run.path)}
    if not own:
        st.caption("Choose a run of your own in the table to give it a name, a note or tags.")
        return
    run_id = st.selectbox("Run", list(own), key="notes-of") if len(own) > 1 else next(iter(own))
    run, notes = own[run_id], own[run_id].notes
    st.page_link(
        "pages/train.py",
        label=f"Open {frame.plain(run.label)} in Train",
        icon=":material/open_in_new:",
        query_params=link("train", run=run_id),
    )
    with suppress(UserError):  # its config is damaged, as the table says
        taking_along(Run.named(run_id))
    with st.form(f"notes-{run_id}", border=False):
        st.text_input("Name", notes.name, max_chars=LONGEST_NAME, placeholder=run_id, key=f"name-{run_id}")
        st.text_input(
            "Tags",
            " ".join(notes.tags),
            placeholder="Words with spaces between them",
            key=f"tags-{run_id}",
            help=f"{MOST_TAGS} words at most.",
        )
        st.text_area("Note", notes.note, max_chars=LONGEST_NOTE, height=120, key=f"note-{run_id}")
        st.form_submit_button("Save", icon=":material/save:", on_click=_save, args=[run_id])


def _save(run_id: str) -> None:
    state = st.session_state
    tags = state[f"tags-{run_id}"].replace(",", " ").split()
    try:
        change_notes(run_folder(run_id), name=state[f"name-{run_id}"], note=state[f"note-{run_id}"], tags=tags)
        state[SAID] = ""
    except UserError as error:
        state[SAID] = str(error)


def deleting(runs: Sequence[RunSummary]) -> None:
    """Put the chosen runs, the own ones, in the bin, and take it back; what went wrong with them is said here."""
    if said := st.session_state.pop(SAID, ""):
        st.error(frame.plain(said), icon=":material/error:")
    own = [run.id for run in runs if run.origin == "run" and may(viewer(), "change", run.path)]
    if own:
        st.button(
            f"Delete {frame.plain(own[0]) if len(own) == 1 else f'these {len(own)} runs'}",
            icon=":material/delete:",
            on_click=_delete,
            args=[own],
            key="delete",
            help="Into the bin, from which they can be taken out again for a week.",
        )
    deleted = {run_id: find_run(run_id) for run_id in st.session_state.get(DELETED, [])}
    there = [run_id for run_id, path in deleted.items() if path is not None and notes_of(path).binned]
    if there:
        named = there[0] if len(there) == 1 else f"{len(there)} runs"
        st.info(f"Deleted: {frame.plain(named)}.", icon=":material/delete:")
        st.button("Undo", icon=":material/undo:", on_click=_restore, args=[there], key="undo")


def _delete(run_ids: Sequence[str]) -> None:
    problems, gone = [], []
    for run_id in run_ids:
        try:
            throw_away(run_folder(run_id))
            gone.append(run_id)
        except UserError as error:
            problems.append(str(error))
    state = st.session_state
    state[DELETED], state[SAID] = gone, " ".join(problems)
    left = [title for title in state.get(page_key("chosen"), []) if title.removeprefix("run ") not in gone]
    state[page_key("chosen")] = left


def _restore(run_ids: Sequence[str]) -> None:
    problems = []
    for run_id in run_ids:
        try:
            restore_run(run_folder(run_id))
        except UserError as error:
            problems.append(str(error))
    st.session_state[DELETED], st.session_state[SAID] = [], " ".join(problems)


def bin_panel() -> None:
    """What is in the bin, with a way out of it and a way to be rid of it; after a week a run leaves by itself."""
    there = binned_runs()
    if any(time.time() - when >= KEPT_SECONDS for when in there.values()):
        empty_bin(older_than=KEPT_SECONDS)
        there = binned_runs()
    if not there:
        return
    with st.expander(f"The bin: {len(there)} {'run' if len(there) == 1 else 'runs'}", icon=":material/delete:"):
        for path, when in list(binned_folders().items())[:MOST_LISTED]:
            run_id = path.name
            row = st.container(horizontal=True, vertical_alignment="center")
            name = notes_of(path).name
            days = max(1, math.ceil((when + KEPT_SECONDS - time.time()) / 86_400))
            row.markdown(f"{frame.plain(name or run_id)}, for {days} more {'day' if days == 1 else 'days'}")
            row.button("Restore", on_click=_restore, args=[[run_id]], key=f"restore-{run_id}")
        if len(there) > MOST_LISTED:
            st.caption(f"And {len(there) - MOST_LISTED} more.")
        st.button("Restore all", on_click=_restore, args=[list(there)], key="restore-all")
        with st.popover("Empty the bin", icon=":material/delete_forever:"):
            st.markdown("Their weights, pictures and measurements are deleted for good.")
            st.button("Delete them for good", on_click=_empty, key="empty-bin", type="primary")


def _empty() -> None:
    empty_bin()
