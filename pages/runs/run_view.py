"""A training run as it grows: progress, tiles, curves and pictures, all read from the run folder."""

from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.draw import figures
from pages.runs.health import health
from pages.runs.live_controls import settings_now
from pages.runs.one_step import last_step, one_step
from pages.runs.run_curves import run_curves, tiles
from training.data.registry import data_set
from training.release.cards import read_card
from training.system.errors import UserError
from training.system.folders import PRETRAINED

if TYPE_CHECKING:
    from training.data.data_set import DataSet
    from training.runs.run_folder import MetricTable, Run, Status

__all__ = ["reference_figures", "run_figures"]

GRID_HEIGHT = 350


def run_figures(run: "Run") -> None:
    """Everything there is to see of a run; safe to call once a second."""
    from training.runs.run_folder import ANCESTRY, read_changes, read_metrics

    status = run.status()
    training, held_out = (read_metrics(run.metrics_file, split) for split in ("train", "held-out"))
    if status.active and not training.terms:
        training = _foreseen(run.config.preset, "train")
    if status.active and not held_out.terms:
        held_out = _foreseen(run.config.preset, "held-out")
    data = data_set(run.config.data)
    watched = last_step(run) if status.state == "paused" or status.pace else None
    if watched is None:
        _pictures(run, status, data)
    else:
        one_step(run, watched, data)
    tiles(training, held_out, data, run.config.model.model_dump())
    run_curves(
        training,
        held_out,
        status,
        shipped=_shipped_curve(run),
        changes=read_changes(run.path),
        ancestry=before if (before := read_metrics(run.path / ANCESTRY, "held-out")).steps else None,
    )
    health(run, settings_now(run))


def reference_figures(preset: str) -> None:
    """What a training will look like, shown on the shipped model's own: curves and final samples."""
    from training.runs.run_folder import Status, read_metrics

    file = PRETRAINED / preset / "metrics.jsonl"
    held_out = read_metrics(file, "held-out")
    if not held_out.steps:
        return
    figures.picture(
        PRETRAINED / preset / "samples.png",
        key="grid",
        alt=f"200 images sampled from the shipped {preset} after {held_out.steps[-1]:,} steps",
        caption=f"200 samples of the shipped model after {held_out.steps[-1]:,} steps",
    )
    ended = Status(state="finished", step=held_out.steps[-1], steps=held_out.steps[-1])
    run_curves(read_metrics(file, "train"), held_out, ended)


def _pictures(run: "Run", status: "Status", data: "DataSet") -> None:
    steps = run.picture_steps("grids")
    if not steps:
        if status.active:
            st.skeleton(GRID_HEIGHT)  # the place of the first pictures
        return
    step = steps[-1]
    if not status.active and len(steps) > 1:
        step = st.select_slider(
            "Step",
            steps,
            value=steps[-1],
            key=f"step-{run.id}",
            format_func=lambda step: f"{step:,}",
            help="Every picture this run kept. The noise is the same at every step.",
        )
    samples, pairs = st.columns([1.9, 1], gap="medium")
    with samples:
        figures.picture(
            run.picture(step, "grids"),
            key="grid",
            alt=f"200 {data.plural} from the same noise at step {step:,}",
            caption=f"200 samples at step {step:,}: the same noise at every step",
        )
    with pairs:
        figures.picture(
            run.picture(step, "reconstructions"),
            key="reconstructions",
            alt=f"Eight held-out {data.plural} above, their reconstructions at step {step:,} below",
            caption=f"Eight held-out {data.plural} (above) and their reconstructions at step {step:,} (below)",
        )


@st.cache_data(max_entries=32, show_spinner=False)
def _foreseen(preset: str, split: str) -> "MetricTable":
    """Before a first measurement, an empty table of the terms that the shipped model of a recipe reports.

    So tiles and charts have their places before the numbers come, and nothing moves.
    """
    from training.runs.run_folder import MetricTable, read_metrics

    shipped = read_metrics(PRETRAINED / preset / "metrics.jsonl", split)
    return MetricTable([], [], {name: [] for name in shipped.terms})


def _shipped_curve(run: "Run") -> "MetricTable | None":
    """The shipped model's held-out curve, if this run trains the same recipe on the same data."""
    return _shipped_curve_of(run.config.preset, run.config.model.model_dump(mode="json"), run.config.data)


@st.cache_data(max_entries=32, show_spinner=False)
def _shipped_curve_of(preset: str, model: dict[str, Any], data: str) -> "MetricTable | None":
    """Read once, not once a tick: shipped files do not change."""
    from training.runs.run_folder import read_metrics

    folder = PRETRAINED / preset
    try:
        card = read_card(folder)
    except UserError:
        return None
    same = (card.training["model"], card.data) == (model, data)
    return read_metrics(folder / "metrics.jsonl", "held-out") if same else None
