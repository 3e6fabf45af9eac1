"""Who else may see a run: publish it to everybody on the server, or make a link that opens it."""

from functools import partial
from pathlib import Path
from urllib.parse import urlencode

import streamlit as st

from pages.kit.address import link
from pages.kit.guard import failure
from training.people.places import owner_of
from training.people.rights import may, run_folder, share_run
from training.people.sharing import share_of
from training.people.viewer import viewer
from training.system.errors import UserError

__all__ = ["share_panel"]

PROBLEM = "share-problem"


def share_panel(run: Path) -> None:
    """For the owner of the run in a folder; nothing for others, and nothing of a run that everybody sees anyway."""
    if not owner_of(run) or not may(viewer(), "change", run):
        return
    now = share_of(run)
    label = "Published" if now.published else "Shared by a link" if now.token else "Share"
    with (
        st.container(key="sharing"),  # which frame.css moves up on a phone: the pictures stay in view
        st.popover(label, icon=":material/group:", width="stretch"),
    ):
        for name, title, value, help in (
            (
                "published",
                "Published to the class",
                now.published,
                "Everybody on this server sees it. Nobody changes it.",
            ),
            (
                "link",
                "A link that opens it",
                bool(now.token),
                "Whoever has the link sees the run, and changes nothing.",
            ),
            ("forks", "Others may train from it", now.forks, "A copy of its weights starts a run of theirs."),
        ):
            key = f"share-{name}-{run.name}-{value}"
            st.toggle(title, value, key=key, on_change=partial(_change, run.name, name, key), help=help)
        if now.token:
            st.code(_address(run.name, now.token), language=None, wrap_lines=True)
            st.caption("Switched off, the link never opens the run again.")
        if problem := st.session_state.pop(PROBLEM, ""):
            failure(UserError(problem))


def _address(run_id: str, token: str) -> str:
    here = (st.context.url or "").partition("?")[0].rpartition("/")[0]
    return f"{here}/train?{urlencode(link('train', run=run_id, share=token))}"


def _change(run_id: str, name: str, key: str) -> None:
    try:
        share_run(run_folder(run_id, "change"), **{name: st.session_state[key]})
    except UserError as error:
        st.session_state[PROBLEM] = str(error)
