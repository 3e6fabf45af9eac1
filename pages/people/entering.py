"""What comes before a page: the class's password, where the server has one, and the share link in an address."""

import streamlit as st

from pages.kit.guard import failure
from pages.people.visitor import address
from training.people.doors import enter, is_admitted
from training.people.viewer import viewer
from training.people.workspaces import open_link
from training.system.errors import UserError

__all__ = ["enter_page"]

RUN, SHARE = "train-run", "train-share"  # in the address of a share link: the run, and the token that opens it
PROBLEM = "password-problem"
LONGEST = 200


def enter_page() -> None:
    """Let a visitor in: the page ends here for whoever has not entered the class's password."""
    somebody = viewer()
    if somebody.role == "visitor" and not is_admitted(somebody.owner):
        _ask_for_password()
        st.stop()
    if somebody.owner and SHARE in st.query_params:
        open_link(somebody.owner, st.query_params.get(RUN, ""), st.query_params[SHARE])


def _ask_for_password() -> None:
    st.title("ELBO Lab", anchor=False)
    st.markdown("This server is a class's: its teacher knows the password.")
    with st.form("enter-class", border=False, width=360):
        st.text_input("Password", type="password", key="password", max_chars=LONGEST, autocomplete="current-password")
        st.form_submit_button("Enter", type="primary", on_click=_try_password)
    if problem := st.session_state.pop(PROBLEM, ""):
        failure(UserError(problem))


def _try_password() -> None:
    try:
        enter(viewer().owner, "class", st.session_state["password"], address())
    except UserError as error:
        st.session_state[PROBLEM] = str(error)
    st.session_state["password"] = ""
