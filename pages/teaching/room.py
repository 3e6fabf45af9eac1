"""Room: a class guesses together, by phone and without names; the projector shows the guesses as they come in."""

from functools import partial

import streamlit as st

from pages.classroom.joining import way_in
from pages.classroom.phone import phone
from pages.classroom.room import enter_room, hosts, leave_room, may_open, own_code, tell, telling
from pages.classroom.tally import as_csv, show_tally
from pages.kit import frame, glossary
from pages.kit.address import page_key
from pages.kit.guard import section
from pages.kit.texts import page_text
from pages.kit.ticking import TICK_SECONDS, ticking
from training.classroom.rooms import CODE_LENGTH, as_code, end_room, now_asked, open_room, tallies
from training.people.viewer import viewer

ASKING = {
    "beta": ("Beta", ":material/tune:"),
    "mixture": ("Mixture", ":material/bubble_chart:"),
    "bounds": ("Bounds", ":material/stairs:"),
    "labels": ("Labels", ":material/label:"),
    "style": ("Style", ":material/style:"),
}


def open_it() -> None:
    with telling():
        enter_room(open_room(viewer().owner))


def join(typed: str) -> None:
    with telling():
        enter_room(typed)


def end_it(code: str) -> None:
    with telling():
        end_room(code, viewer().owner)
        leave_room()


def door() -> None:
    """For a visitor who is in no room: a code to type, and a room to open for who may."""
    left, right = st.columns(2, gap="large")
    with left, st.form("join", border=False):
        st.header("Join", anchor=False)
        st.text_input("Code", key=page_key("typed"), max_chars=2 * CODE_LENGTH, placeholder="as on the projector")
        if st.form_submit_button("Join the room", type="primary", icon=":material/login:", width="stretch"):
            join(st.session_state[page_key("typed")])
            st.rerun()
    if may_open():
        with right:
            st.header("Teach", anchor=False)
            st.markdown("Open a room: the class joins by a code, and guesses before the answer shows. No names.")
            st.button("Open a room", icon=":material/add:", on_click=open_it, key="open-room")


def projector(code: str) -> None:
    """For who has opened the room: the way in, the questions that the pages ask, and what was guessed."""
    way, asked = st.columns([1, 1.6], gap="large")
    with way:
        way_in(code)
    with asked:
        st.header("Ask", anchor=False)
        st.markdown("Each of these pages has a question. Open it there, and press **Ask the room**.")
        with st.container(horizontal=True):
            for name, (title, icon) in ASKING.items():
                st.page_link(f"pages/{name}.py", label=title, icon=icon)
        ticking(partial(guesses, code), key="tallies", seconds=TICK_SECONDS)
        with st.container(horizontal=True):
            st.download_button(
                "All tallies as CSV",
                partial(as_csv, code),
                f"room-{code}.csv",
                icon=":material/download:",
                on_click="ignore",
                key="tallies-csv",
            )
            with st.popover("End the room", icon=":material/close:"):
                st.markdown("Its questions and guesses are deleted for good.")
                st.button("End it", on_click=end_it, args=[code], key="end-room", type="primary")


def guesses(code: str) -> None:
    now = now_asked(code)
    for found in reversed(tallies(code)):
        state = "" if now is None or found.asked.number != now.number else "Closed: " if now.closed else "Asked now: "
        st.markdown(f"**{state}{frame.plain(found.asked.text)}** ({found.total})")
        show_tally(found)


frame.mend_link("pages/teaching/room.py", code=lambda text: bool(as_code(text)))
frame.header("Room", "What does the class expect, before it sees the answer?")
if (linked := st.query_params.get(page_key("code"), "")) and as_code(linked) != own_code():
    join(linked)
tell()
with section("room"):
    if not own_code():
        door()
    elif hosts():
        projector(own_code())
    else:
        phone(own_code())
st.space("small")
glossary.caption(page_text(__file__)["What is kept"])
frame.notes(page_text(__file__))
