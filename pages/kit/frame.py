"""The frame of every page: title and question, data status, three notes under the picture."""

import math
import re
import runpy
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from pages.kit import glossary, services
from pages.kit.ticking import ticking
from training.data.mnist_files import download_mnist
from training.data.names import DATASETS, LICENCES, best_dataset_name, on_disk
from training.data.svhn_files import GET_SVHN
from training.system.errors import UserError
from training.system.folders import PROJECT, data_folder

if TYPE_CHECKING:
    from training.system.jobs import Job

__all__ = ["failure", "header", "mend_link", "notes", "plain", "share"]

DOWNLOAD = "download:mnist"
LABELS = {"mnist": "Full MNIST", "mnist-sample": "Embedded sample"}
NOTES = ("What to look for", "Try this", "Guess first")
_STYLE = Path(__file__).with_suffix(".css")


def header(title: str, question: str, *, svhn: bool = False) -> None:
    """The page's title, the one question it answers, and which data are in use: MNIST's, or SVHN's."""
    _enter_through_app()
    for sheet in (_STYLE, glossary.STYLE):
        st.html(sheet)
    glossary.start_page()
    name, data = st.columns([2.4, 1], gap="large", vertical_alignment="bottom")
    name.title(title, anchor=False)
    with data:
        _svhn_status() if svhn else _data_status()
    glossary.markdown(f":gray[{question}]")
    services.warm_up()


def mend_link(page: str, **checks: Callable[[str], bool]) -> None:
    """Open the page again without those parts of its link that are junk.

    They are empty texts and numbers without end, which Streamlit's own reading trips over, and texts that fail their
    check. Call it before the page's widgets.

    Arguments:
        page: the page's own file, such as "pages/samples.py".
        checks: by the key of a text field, whether a text makes sense there; not asked of what somebody types later.
    """
    asked = {name: st.query_params.get_all(name) for name in st.query_params}
    checks = {name: check for name, check in checks.items() if name not in st.session_state}

    def is_sound(name: str, value: str) -> bool:
        return bool(value) and not _endless(value) and (name not in checks or checks[name](value))

    sound = {name: [value for value in values if is_sound(name, value)] for name, values in asked.items()}
    if sound != asked:
        st.switch_page(page, query_params={name: values for name, values in sound.items() if values})


def _endless(text: str) -> bool:
    try:
        return not math.isfinite(float(text))
    except ValueError:
        return False  # not a number: the widget decides


def notes(sections: Mapping[str, str]) -> None:
    """What to look for, what to try, what to guess first: one column each, from the page's text."""
    for column, title in zip(st.columns(3, gap="large"), NOTES, strict=True):
        glossary.markdown(f"**{title}**  \n{sections[title]}", into=column)


def failure(error: UserError) -> None:
    """Show what went wrong and what to do about it."""
    st.error(plain(str(error)), icon=":material/error:")


def plain(text: str) -> str:
    """Markdown that shows a text as it is: no link, picture, colour or formula that a stranger's file put into it."""
    return re.sub(r"[\[$<*~]|__", lambda found: "".join(f"\\{mark}" for mark in found[0]), text)


def share() -> None:
    """How to hand this view to somebody else."""
    st.caption(
        ":material/link: This page's address holds every setting: copy it to share this very view. "
        "What you draw or hand in stays with you."
    )


def _enter_through_app() -> None:
    """Start again in app.py if this page was run without it.

    The very first run of a fresh server still looks into a folder named `pages` by itself; a link straight to a
    page then runs the page alone, with another navigation and layout. From the second run on, app.py leads.
    """
    if "entered" not in st.session_state:
        runpy.run_path(str(PROJECT / "app.py"))
        st.stop()


def _svhn_status() -> None:
    here = on_disk("svhn")
    with st.popover("SVHN" if here else "Without SVHN", icon=":material/database:", width="stretch"):
        st.markdown(f"**{DATASETS['svhn']}.** {LICENCES['svhn']}")
        if not here:
            st.markdown(f"It is not on this server. Its images show once somebody gets it: {GET_SVHN}.")


def _data_status() -> None:
    """Which data are in use, and a way to the full set; while that is fetched, how far it is."""
    job = services.jobs().find(DOWNLOAD)
    under_way = job is not None and job.active
    ticking(_data_panel, key="data", seconds=1.0 if under_way else None)


def _data_panel() -> None:
    job = services.jobs().find(DOWNLOAD)
    state = st.session_state
    if job is not None and job.active:
        state["downloading"] = True
        with st.popover(f"Downloading MNIST, {job.progress:.0%}", icon=":material/download:", width="stretch"):
            st.progress(job.progress, text=f"{job.progress:.0%} of 11 MB" if job.progress else "Connecting")
            st.button("Stop the download", on_click=job.stop, key="stop-download")
        return
    if state.pop("downloading", False):
        st.rerun()  # once: the whole page changes its data
    name = best_dataset_name()
    with st.popover(LABELS[name], icon=":material/database:", width="stretch"):
        glossary.markdown(f"**Data in use:** {DATASETS[name]}. {LICENCES['mnist']}")
        if name == "mnist":
            return
        st.markdown("Its numbers are not the homework's and are never mixed with them.")
        if job is not None and job.error:
            st.error(job.error, icon=":material/error:")
        st.button(
            "Get the full MNIST (11 MB)",
            icon=":material/download:",
            on_click=_start_download,
            key="download",
            help=f"Once, in the background, into {data_folder()}.",
        )


def _start_download() -> None:
    def work(job: "Job") -> None:
        download_mnist(job.report)

    services.jobs().submit(DOWNLOAD, "Downloading MNIST", work)
