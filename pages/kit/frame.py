"""The frame of every page: title and question, data status, three notes under the picture."""

import runpy
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from pages.draw.palette import formula_colors
from pages.kit import glossary, services
from pages.kit.address import clean_address, mend_link, remember
from pages.kit.guard import failure, plain
from pages.kit.ticking import ticking
from training.data.registry import DATA_SETS, at_hand, default_data_set
from training.system.folders import PROJECT, data_folder

if TYPE_CHECKING:
    from training.data.data_set import DataSet
    from training.system.jobs import Job

__all__ = ["failure", "header", "mend_link", "notes", "plain", "share", "to_the_top"]

NOTES = ("What to look for", "Try this", "Guess first")
ANSWER = "Answer"  # to the guess, folded below it
_STYLE = Path(__file__).with_suffix(".css")
_TO_THE_TOP = "document.querySelector('[data-testid=stMain]')?.scrollTo(0, 0)"
_CLOSE_DRAWER = Path(__file__).with_name("close_drawer.js").read_text(encoding="utf-8")


def header(title: str, question: str, *, data: "DataSet | None" = None) -> None:
    """The page's title, the one question it answers, and which data are in use: MNIST's, if the page does not say."""
    _enter_through_app()
    for sheet in (_STYLE, glossary.STYLE):
        st.html(sheet)
    st.html(f"<style>{formula_colors()}</style>")
    st.html(f'<script data-page="{title}">{_CLOSE_DRAWER}</script>', unsafe_allow_javascript=True)
    clean_address()
    glossary.start_page()
    name, in_use = st.columns([2.4, 1], gap="large", vertical_alignment="bottom")
    name.title(title, anchor=False)
    with in_use:
        _data_status(data or default_data_set("binary"))
    glossary.markdown(f":gray[{question}]")
    services.warm_up()
    services.keep_house()


def notes(sections: Mapping[str, str]) -> None:
    """What to look for, what to try, what to guess first: a column each, from the page's text. The answer is folded."""
    for column, title in zip(st.columns(3, gap="large"), NOTES, strict=True):
        glossary.markdown(f"**{title}**  \n{sections[title]}", into=column)
    if ANSWER in sections:
        glossary.markdown(sections[ANSWER], into=column.expander(ANSWER, type="compact"))
    remember()


def to_the_top() -> None:
    """Bring the beginning of the page into view, where a press of a button further down has changed it."""
    st.html(f"<script>{_TO_THE_TOP}</script>", unsafe_allow_javascript=True)


def share() -> None:
    """How to share this view."""
    st.caption(
        ":material/link: This page's address holds every setting: copy it to share this very view. "
        "What you draw or upload stays with you."
    )


def _enter_through_app() -> None:
    """Start again in app.py if this page was run without it: else a stranger would get past the class's password.

    The very first run of a fresh server still looks into a folder named `pages` by itself; a link straight to a
    page then runs the page alone, with another navigation and layout. From the second run on, app.py leads.
    """
    if "entered" not in st.session_state:
        runpy.run_path(str(PROJECT / "app.py"))
        st.stop()


def _data_status(data: "DataSet") -> None:
    """Which data are in use, every data set there is, and a way to those that are not here; how far a download is."""
    under_way = any(job.active for job in _downloads().values())
    ticking(partial(_data_panel, data), key="data", seconds=1.0 if under_way else None)


def _downloads() -> dict[str, "Job"]:
    """The downloads that were asked for since the server started, by data set."""
    found = {name: services.jobs().find(f"download:{name}") for name in DATA_SETS}
    return {name: job for name, job in found.items() if job is not None}


def _data_panel(data: "DataSet") -> None:
    jobs, state = _downloads(), st.session_state
    active = {name: job for name, job in jobs.items() if job.active}
    if state.get("downloading", 0) > len(active):
        state["downloading"] = len(active)
        st.rerun()  # once: the whole page changes its data
    state["downloading"] = len(active)
    problem = data.problem()
    label, icon = _in_use(data), ":material/warning:" if problem else ":material/database:"
    for name, job in active.items():
        label, icon = f"Downloading {DATA_SETS[name].title}, {job.progress:.0%}", ":material/download:"
    with st.popover(label, icon=icon, width="stretch"):
        used = at_hand(data.name)
        if problem:
            st.warning(plain(problem), icon=":material/warning:")
        if used.on_disk():
            glossary.markdown(f"**Data in use:** {used.summary}. {used.licence}")
        if used.stands_in_for:
            st.markdown(
                f"Trainings learn from {used.train_images:,} of {data.title}'s training images. Models are measured on "
                f"the {' and the '.join(each.phrase for each in used.evaluation_sets)}, which no training here sees."
            )
        others = [each for each in DATA_SETS.values() if each.download is not None and each is not used]
        for each in sorted(others, key=lambda each: each is not data):
            _one_data_set(each, jobs.get(each.name))


def _in_use(data: "DataSet") -> str:
    """The name of the data in use, or that there are none."""
    used = at_hand(data.name)
    return used.label if used.on_disk() else f"Without {data.label}"


def _one_data_set(data: "DataSet", job: "Job | None") -> None:
    """What there is of a data set that this page does not use, or a way to get it."""
    if job is not None and job.active:
        size = f"of {data.megabytes} MB"
        st.progress(job.progress, text=f"{data.title}: {job.progress:.0%} {size}" if job.progress else "Connecting")
        st.button("Stop the download", on_click=job.stop, key=_key("stop-download", data))
        return
    if data.on_disk():
        st.markdown(f"**{data.title}** is here too, for models of {data.plural}. {data.licence}")
        return
    if job is not None and job.error:
        st.error(job.error, icon=":material/error:")
    the_full = "the full " if at_hand(data.name).stands_in_for else ""
    st.button(
        f"Get {the_full}{data.title} ({data.megabytes} MB)",
        icon=":material/download:",
        on_click=_start_download,
        args=[data],
        key=_key("download", data),
        help=f"{data.summary}. {data.licence} Once, in the background, into {data_folder()}.",
    )


def _key(action: str, data: "DataSet") -> str:
    return f"{action}-{data.name}"


def _start_download(data: "DataSet") -> None:
    def work(job: "Job") -> None:
        assert data.download is not None
        data.download(job.report)

    services.jobs().forget(f"download:{data.name}")  # an earlier one, whose files are gone or were not whole
    services.jobs().submit(f"download:{data.name}", f"Downloading {data.title}", work)
