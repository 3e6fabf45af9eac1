"""Source: a file of the mathematics, opened at the lines that compute a formula. The links under formulas lead here."""

import re
from pathlib import Path

import streamlit as st

from pages.kit import frame
from pages.kit.address import page_key
from training.system.folders import PROJECT
from training.system.templates import template

FILES = sorted(
    path.relative_to(PROJECT).as_posix()
    for folder in ("models", "training/evaluation", "training/theory")
    for path in (PROJECT / folder).rglob("[!_]*.py")
)
MARK = Path(__file__).with_suffix(".html")


def linked_lines(length: int) -> tuple[int, int] | None:
    """First and last line that the address asks for, if the file has them."""
    found = re.fullmatch(r"(\d{1,6})-(\d{1,6})", st.query_params.get(page_key("lines"), ""))
    if found is None:
        return None
    first, last = int(found[1]), int(found[2])
    return (first, last) if 1 <= first <= last <= length else None


def mark(first: int, last: int) -> None:
    """Give these lines of the code a ground of their own, and bring the first of them into view."""
    st.html(template(MARK).render(first=first, last=last), unsafe_allow_javascript=True)


def forget_lines() -> None:
    """Another file was chosen: the lines were of the one before."""
    st.query_params.pop(page_key("lines"), None)


frame.mend_link("pages/source.py", file=FILES.__contains__)
frame.header("Source", "Which lines compute it? The mathematics of this app, as it runs here.")
file = st.selectbox("File", FILES, key=page_key("file"), bind="query-params", on_change=forget_lines)
source = (PROJECT / file).read_text("utf-8")
with st.container(key="source"):
    st.code(source, line_numbers=True, wrap_lines=True)
if lines := linked_lines(len(source.splitlines())):
    mark(*lines)
