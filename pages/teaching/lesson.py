"""Lesson: pages in order with texts, questions and locked settings; made here, shared by a link, taken by anybody."""

from urllib.parse import urlencode

import streamlit as st

from pages.classroom.lesson_at_hand import address_of, go_to
from pages.classroom.lesson_draft import change_draft, draft, tell_problem
from pages.classroom.lesson_editor import lesson_editor
from pages.kit import frame
from pages.kit.guard import section
from pages.kit.texts import page_text
from training.classroom.lesson import MOST_BYTES, Lesson, lesson_file, read_lesson
from training.classroom.lesson_links import link_of
from training.system.errors import UserError

PLACES = {"home": ""}  # where a page's address is not its name


def share_it(lesson: Lesson) -> None:
    st.header("Share it", anchor=False)
    text = link_of(lesson)
    first = lesson.cards[0].page
    here = (st.context.url or "").partition("?")[0].rpartition("/")[0]
    st.code(
        f"{here}/{PLACES.get(first, first)}?{urlencode(address_of(text, lesson, 0), doseq=True)}",
        language=None,
        wrap_lines=True,
    )
    st.caption(
        "The link holds the whole lesson: it works on every server with this app."
        if text.startswith("z")
        else "A lesson of this length is kept on this server under a short name. The file works on every server."
    )
    name = "-".join("".join(c if c.isalnum() else " " for c in lesson.title).split())[:60].lower() or "lesson"
    with st.container(horizontal=True):
        if st.button("Take it", icon=":material/play_arrow:", type="primary", key="take-lesson"):
            go_to(text, lesson)
        st.download_button(
            "As a file",
            lesson_file(lesson),
            f"{name}.lesson.json",
            "application/json",
            icon=":material/download:",
            on_click="ignore",
            key="lesson-file",
        )
        with st.popover("Begin anew", icon=":material/delete:"):
            st.markdown("All cards are removed; links and files that you shared go on.")
            st.button("Remove all cards", on_click=change_draft, args=[lambda _: Lesson()], key="lesson-anew")


def open_it() -> None:
    st.header("Open one", anchor=False)
    with st.form("open-lesson", border=False):
        file = st.file_uploader("A lesson's file", ["json"], key="lesson-upload", max_upload_size=1)
        with st.container(horizontal=True):
            take = st.form_submit_button("Take it", icon=":material/play_arrow:")
            edit = st.form_submit_button("Edit a copy", icon=":material/edit:")
    if not (take or edit):
        return
    if file is None:
        raise UserError("Choose a file first: one that As a file wrote, here or elsewhere.")
    lesson = read_lesson(file.getvalue() if file.size <= MOST_BYTES else b" " * (MOST_BYTES + 1))
    if take:
        go_to(link_of(lesson), lesson)
    change_draft(lambda _: lesson)
    for key in [key for key in st.session_state if str(key).startswith("draft-")]:
        del st.session_state[key]
    st.rerun()


frame.mend_link("pages/teaching/lesson.py")
frame.header("Lesson", "Which pages, in which order, with which questions?")
tell_problem()
now = draft()
making, around = st.columns([1.9, 1], gap="large")
with making, section("lesson"):
    st.header("Your lesson", anchor=False)
    if now.cards:
        lesson_editor(now)
    else:
        st.info(
            "It has no card yet. Open a page, set it up as your class shall see it, and press **Lesson from here** at "
            "its foot.",
            icon=":material/playlist_add:",
        )
with around:
    if now.cards:
        with section("share"):
            share_it(now)
    with section("open"):
        open_it()
st.space("small")
frame.notes(page_text(__file__))
