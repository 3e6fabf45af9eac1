"""One way to choose a checkpoint, on every page: shipped models first, then the runs of this server."""

from pathlib import Path

import streamlit as st

from training.dataset_names import datasets_of
from training.folders import PRETRAINED, data_name, pretrained_names, run_ids, runs_folder

__all__ = ["RUN", "SHIPPED", "checkpoint_path", "pick_checkpoint", "pick_checkpoints"]

MOST = 6

SHIPPED, RUN = "shipped ", "run "


def pick_checkpoint() -> str:
    """A picker whose choice is in the page's address; returns "shipped <name>" or "run <id>"."""
    chosen: str = st.selectbox(
        "Model",
        _choices(),
        key="checkpoint",
        bind="query-params",
        help="Models that ship with the app, and every run trained here.",
    )
    return chosen


def pick_checkpoints(default: list[str]) -> list[str]:
    """The same for up to six models of MNIST at once; `default` names shipped ones, those of them that are there."""
    options = [choice for choice in _choices() if data_name(Path(checkpoint_path(choice))) not in datasets_of("svhn")]
    chosen: list[str] = st.multiselect(
        "Models",
        options,
        default=[name for name in (SHIPPED + name for name in default) if name in options],
        max_selections=MOST,
        wrap=True,
        key="models",
        bind="query-params",
        help=f"Up to {MOST}: models of MNIST that ship with the app, and every such run trained here.",
    )
    return chosen


def _choices() -> list[str]:
    return [SHIPPED + name for name in pretrained_names()] + [RUN + run for run in run_ids()]


def checkpoint_path(choice: str) -> str:
    """The folder behind a picker's choice."""
    if choice.startswith(SHIPPED):
        return str(PRETRAINED / choice.removeprefix(SHIPPED))
    return str(runs_folder() / choice.removeprefix(RUN))
