"""A quiet place for the visitor's workspace: what it is, the account, the teacher's key."""

import streamlit as st

from pages.kit.guard import failure
from pages.people.visitor import address, has_accounts, is_kept, is_logged_in
from training.people.doors import enter, is_open, leave
from training.people.viewer import viewer
from training.system.errors import UserError

__all__ = ["workspace_panel"]

PROBLEM = "teacher-problem"
LONGEST = 200


def workspace_panel() -> None:
    """A button whose panel says who sees the runs of this page."""
    somebody = viewer()
    with st.popover("Who sees these runs", icon=":material/group:"):
        if somebody.role == "teacher":
            st.markdown("You are the **teacher** here: you see, stop and delete everybody's runs.")
            st.button("Leave the teacher's role", on_click=_leave, key="leave-teacher")
        elif somebody.role == "visitor":
            st.markdown(_said(local=somebody.local))
        else:
            st.markdown("This page is the machine's own: it sees everybody's runs.")
        if has_accounts():
            _account()
        if somebody.role == "visitor" and not is_open("teacher"):
            with st.form("teacher", border=False):
                st.text_input("Teacher's key", type="password", key="teacher-key", max_chars=LONGEST)
                st.form_submit_button("Enter as the teacher", on_click=_enter)
        if problem := st.session_state.pop(PROBLEM, ""):
            failure(UserError(problem))


def _said(*, local: bool) -> str:
    kept = (
        "This account finds them again in any browser."
        if is_logged_in()
        else "This browser finds them again: a cookie names your workspace."
        if is_kept()
        else "**This browser keeps no cookies**, so they are yours until you close or reload this tab: allow cookies "
        "for this server to keep them."
    )
    machines = (
        "Runs that commands made on this machine are yours too."
        if local
        else "Runs that commands made on the server's machine are everybody's to see."
    )
    return f"The runs that you start are seen by you alone until you share or publish them, on Train. {kept} {machines}"


def _account() -> None:
    if is_logged_in():
        st.button("Log out", on_click=st.logout, key="log-out")
    else:
        st.button("Log in", on_click=st.login, key="log-in", help="Then your runs are there in every browser.")


def _enter() -> None:
    try:
        enter(viewer().owner, "teacher", st.session_state["teacher-key"], address())
    except UserError as error:
        st.session_state[PROBLEM] = str(error)
    st.session_state["teacher-key"] = ""


def _leave() -> None:
    try:
        leave(viewer().owner, "teacher")
    except UserError as error:
        st.session_state[PROBLEM] = str(error)
