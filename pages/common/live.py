"""A training run as it grows: progress, tiles, curves and pictures, all read from the run folder."""

from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.common import figures
from pages.common.charts import Curve, Look, curves
from pages.common.palette import KL_Z, NELBO, RECONSTRUCTION, REFERENCE, swatch
from training.cards import read_card
from training.errors import UserError
from training.folders import PRETRAINED

if TYPE_CHECKING:
    from training.runs import MetricTable, Run, Status

__all__ = ["TICK_SECONDS", "duration", "reference_figures", "run_figures"]

TICK_SECONDS = 1.0
GRID_HEIGHT = 420
TRAINING, HELD_OUT, SHIPPED = "training", "held-out", "shipped"
TERMS = {"nelbo": NELBO, "kl": KL_Z, "rec": RECONSTRUCTION}


def run_figures(run: "Run", status: "Status") -> None:
    """Everything there is to see of a run; safe to call once a second."""
    training, held_out = run.metrics("train"), run.metrics("held-out")
    _tiles(training, held_out)
    _curves(training, held_out, _shipped_curve(run), status)
    _pictures(run, status)


def reference_figures(preset: str) -> None:
    """What a training will look like, shown on the shipped model's own: curves and final digits."""
    from training.runs import Status, read_metrics

    file = PRETRAINED / preset / "metrics.jsonl"
    held_out = read_metrics(file, "held-out")
    if not held_out.steps:
        return
    figures.picture(
        PRETRAINED / preset / "samples.png",
        key="grid",
        alt=f"200 digits sampled from the shipped {preset} after {held_out.steps[-1]:,} steps",
        caption=f"200 samples of the shipped model after {held_out.steps[-1]:,} steps",
    )
    ended = Status(state="finished", step=held_out.steps[-1], steps=held_out.steps[-1])
    _curves(read_metrics(file, "train"), held_out, None, ended)


def duration(seconds: float) -> str:
    """A time a person can plan with: "40 s", "3 min", "2 h 10 min"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def _tiles(training: "MetricTable", held_out: "MetricTable") -> None:
    tiles = st.columns(4)
    for tile, (name, quantity) in zip(tiles, TERMS.items(), strict=False):
        values = training.terms.get(name, [])
        tile.metric(
            swatch(quantity, "Rec." if quantity is RECONSTRUCTION else None),
            _nats(values),
            help="Mean over the last 50 training batches, in nats per image.",
        )
    values = held_out.terms.get("nelbo", [])
    tiles[3].metric(
        swatch(NELBO, "Held-out"),
        _nats(values),
        help="The NELBO of 1,000 digits that training never sees: one draw of z each, in nats per image.",
    )


def _nats(values: list[float]) -> str:
    """The newest value, short enough for a tile even when a training went wild."""
    if not values:
        return "–"
    return f"{values[-1]:.2f}" if abs(values[-1]) < 10_000 else f"{values[-1]:.1e}"


def _curves(training: "MetricTable", held_out: "MetricTable", shipped: "MetricTable | None", status: "Status") -> None:
    whole = st.toggle("From the start", key="from-start", help="Without it, curves begin where the first fall ends.")
    first = 0 if whole else _settled(status.step)
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown(swatch(NELBO, "**NELBO** = reconstruction + KL"))
        lines = [_curve(TRAINING, training, "nelbo", first), _curve(HELD_OUT, held_out, "nelbo", first)]
        looks = {TRAINING: Look(NELBO, width=1.5, opacity=0.45), HELD_OUT: Look(NELBO)}
        if shipped is not None:
            lines.append(_curve(SHIPPED, shipped, "nelbo", first, max(status.step, 1000)))
            looks[SHIPPED] = Look(REFERENCE, width=1.5, dashed=True)
        curves(lines, looks=looks, key="nelbo", alt=_alt(status, held_out, ("nelbo",)))
    with right:
        st.markdown("**Its two terms**, on held-out digits")
        lines = [
            _curve(RECONSTRUCTION.label, held_out, "rec", first),
            _curve(KL_Z.label, held_out, "kl", first),
        ]
        looks = {RECONSTRUCTION.label: Look(RECONSTRUCTION), KL_Z.label: Look(KL_Z)}
        curves(lines, looks=looks, key="terms", alt=_alt(status, held_out, ("rec", "kl")))


def _pictures(run: "Run", status: "Status") -> None:
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
            help="Every picture this run kept. The 200 codes are the same at every step.",
        )
    figures.picture(
        run.picture(step, "grids"),
        key="grid",
        alt=f"200 digits from the same 200 codes at step {step:,}",
        caption=f"200 samples at step {step:,}: the same 200 codes $z$ at every step, so each tile is one code's story",
    )
    figures.picture(
        run.picture(step, "reconstructions"),
        key="reconstructions",
        alt=f"Eight held-out digits above, their reconstructions at step {step:,} below",
        caption=f"Eight held-out digits (above) and their reconstructions at step {step:,} (below)",
    )


def _shipped_curve(run: "Run") -> "MetricTable | None":
    """The shipped model's held-out curve, if this run trains the same recipe on the same data."""
    return _shipped_curve_of(run.config.preset, run.config.model.model_dump(mode="json"), run.config.data)


@st.cache_data(max_entries=32, show_spinner=False)
def _shipped_curve_of(preset: str, model: dict[str, Any], data: str) -> "MetricTable | None":
    """Read once, not once a tick: shipped files do not change."""
    from training.runs import read_metrics

    folder = PRETRAINED / preset
    try:
        card = read_card(folder)
    except UserError:
        return None
    same = (card.training["model"], card.data) == (model, data)
    return read_metrics(folder / "metrics.jsonl", "held-out") if same else None


def _settled(step: int) -> int:
    """The step from which curves are worth a close look: the first fall would flatten all the rest."""
    return 0 if step < 300 else max(200, step // 25)


def _curve(name: str, table: "MetricTable", term: str, first: int, last: int | None = None) -> Curve:
    values = table.terms.get(term, [])
    points = [
        (step, value)
        for step, value in zip(table.steps, values, strict=False)
        if step >= first and (last is None or step <= last)
    ]
    return Curve(name, [step for step, _ in points], [value for _, value in points])


def _alt(status: "Status", held_out: "MetricTable", terms: tuple[str, ...]) -> str:
    """What the curves say, with numbers once they have stopped growing; until then the tiles carry them."""
    labels = " and ".join(TERMS[term].label for term in terms)
    if status.active or not held_out.steps:
        return f"{labels} over optimiser steps, growing; the tiles above hold the current values."
    changes = "; ".join(
        f"{TERMS[term].label} from {held_out.terms[term][0]:.1f} to {held_out.terms[term][-1]:.1f} nats"
        for term in terms
    )
    return f"{labels} on held-out digits over {status.step:,} steps: {changes}."
