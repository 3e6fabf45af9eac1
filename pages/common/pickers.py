"""One way to choose a checkpoint, on every page: shipped models first, then the runs of this server."""

import streamlit as st

from training.folders import PRETRAINED, pretrained_names, run_ids, runs_folder

__all__ = ["checkpoint_path", "pick_checkpoint"]

SHIPPED, RUN = "shipped ", "run "


def pick_checkpoint() -> str:
    """A picker whose choice is in the page's address; returns "shipped <name>" or "run <id>"."""
    options = [SHIPPED + name for name in pretrained_names()]
    options += [RUN + run for run in run_ids()]
    chosen: str = st.selectbox(
        "Model",
        options,
        key="checkpoint",
        bind="query-params",
        help="Models that ship with the app, and every run trained here.",
    )
    return chosen


def checkpoint_path(choice: str) -> str:
    """The folder behind a picker's choice."""
    if choice.startswith(SHIPPED):
        return str(PRETRAINED / choice.removeprefix(SHIPPED))
    return str(runs_folder() / choice.removeprefix(RUN))
