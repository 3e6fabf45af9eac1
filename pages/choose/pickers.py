"""One way to choose a checkpoint, on every page: the visitor's files, shipped models, the runs of this server."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

import streamlit as st

from pages.choose.uploads import UPLOAD, upload_panel, uploads
from pages.kit import frame
from training.data.names import datasets_of
from training.runs.run_index import run_ids
from training.system.folders import PRETRAINED, fact_of, pretrained_names, runs_folder

__all__ = [
    "RUN",
    "SHIPPED",
    "checkpoint_path",
    "choose_also",
    "family_of_choice",
    "is_svhn",
    "pick_checkpoint",
    "pick_checkpoint_of",
    "pick_checkpoints",
    "pick_runs",
]

MOST = 6
LONGEST_NAME = 60

SHIPPED, RUN = "shipped ", "run "


def pick_checkpoint() -> str:
    """A picker whose choice is in the page's address; returns "shipped <name>", "run <id>" or "upload <name>"."""
    chosen: str = _pick_one(_choices(), default=SHIPPED + "vae")
    return chosen


def pick_checkpoint_of(
    families: Collection[str], *, label: str = "Model", key: str = "checkpoint", default: str = ""
) -> str | None:
    """The same for a page that is about some families; None where there is no such model."""
    chosen: str | None = _pick_one(_choices(families), label, key, default)
    return chosen


def _pick_one(options: list[str], label: str = "Model", key: str = "checkpoint", default: str = "") -> Any:
    absent = f"{key}-absent"
    if key not in st.session_state:
        asked = st.query_params.get(key, "")
        st.session_state[absent] = asked if asked.startswith((RUN, UPLOAD)) and asked not in options else ""
    chosen = st.selectbox(
        label,
        options,
        index=options.index(default) if default in options else 0,
        key=key,
        bind="query-params",
        help="Models that ship with the app, every run trained here, and files that you hand in.",
        on_change=lambda: st.session_state.pop(absent, None),
    )
    if st.session_state.get(absent):
        st.caption(
            f"The link asks for **{frame.plain(st.session_state[absent][:LONGEST_NAME])}**, which is not here: a run "
            "belongs to its server, a file that was handed in to its visitor."
        )
    if key == "checkpoint":
        upload_panel()
    return chosen


def pick_checkpoints(default: list[str], *, every_kind: bool = False) -> list[str]:
    """The same for up to six models at once; `default` names shipped ones, those of them that are there.

    Arguments:
        every_kind: SVHN's models too, and a visitor's own files chosen at first; the caller offers the place for these.
    """
    options = _choices()
    if not every_kind:
        options = [choice for choice in options if not is_svhn(choice)]
    at_first = [SHIPPED + name for name in default] + [UPLOAD + name for name in uploads() if every_kind]
    chosen: list[str] = st.multiselect(
        "Models",
        options,
        default=[choice for choice in at_first if choice in options][:MOST],
        max_selections=MOST,
        wrap=True,
        key="models",
        bind="query-params",
        help=f"Up to {MOST}: models that ship with the app, runs trained here, files that you hand in.",
    )
    if not every_kind:
        upload_panel()
    return chosen


def choose_also(choices: Collection[str]) -> None:
    """Add models to those that `pick_checkpoints` has chosen, as far as there is room; call it before that."""
    chosen = st.session_state.get("models")
    if chosen is not None and choices:
        st.session_state["models"] = list(dict.fromkeys([*chosen, *choices]))[-MOST:]


def pick_runs(families: Collection[str], *, panel: bool = False) -> list[str]:
    """A picker for up to six runs and files handed in, of some families; empty where there are none.

    Arguments:
        panel: with a place to hand files in, on a page that has no other.
    """
    options = [choice for choice in _choices(families) if not choice.startswith(SHIPPED)]
    chosen: list[str] = st.multiselect(
        "Your own models beside them",
        options,
        disabled=not options,
        placeholder="Choose some" if options else "None yet: train one, or hand one in",
        max_selections=MOST,
        wrap=True,
        key="runs",
        bind="query-params",
        help="Runs trained on this server, and files that you hand in.",
    )
    if panel:
        upload_panel()
    return chosen


def _choices(families: Collection[str] | None = None) -> list[str]:
    every = [SHIPPED + name for name in pretrained_names()] + [RUN + run for run in run_ids()]
    every += [UPLOAD + name for name in uploads()]
    return every if families is None else [choice for choice in every if _told(choice, "family") in families]


def family_of_choice(choice: str) -> str:
    """The family of a picker's choice, without its weights being read."""
    return _told(choice, "family")


def is_svhn(choice: str) -> bool:
    """Whether a picker's choice is a model of house numbers."""
    return _told(choice, "data") in datasets_of("colour")


def _told(choice: str, name: str) -> str:
    if choice.startswith(UPLOAD):
        return str(getattr(uploads()[choice.removeprefix(UPLOAD)], name))
    return fact_of(Path(checkpoint_path(choice)), name)


def checkpoint_path(choice: str) -> str:
    """The folder or file behind a picker's choice."""
    if choice.startswith(UPLOAD):
        return str(uploads()[choice.removeprefix(UPLOAD)].path)
    if choice.startswith(SHIPPED):
        return str(PRETRAINED / choice.removeprefix(SHIPPED))
    return str(runs_folder() / choice.removeprefix(RUN))
