"""How a model is doing inside while it trains: what each latent dimension carries, the gradient, time and memory."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.draw.charts import vega
from pages.draw.palette import KL_Z
from pages.kit import glossary
from training.lab.latent_file import Latent, latent_of
from training.system.json_lines import rows_of
from training.system.number_format import signed

if TYPE_CHECKING:
    from training.runs.run_folder import MetricTable, Run

__all__ = ["collapse_in", "gap_at", "health"]

ACTIVE_KL = 0.01  # nats; a dimension below it says nothing
MOST_STEPS, MOST_DIMENSIONS = 60, 32


def health(run: "Run", settings: Mapping[str, float]) -> None:
    """A warning where the latent space has collapsed, and, unfolded, what each dimension carries over time.

    Arguments:
        settings: the run's learning rate, KL weight and warm-up, as they are now.
    """
    latent = latent_of(run.path)
    if latent is None:
        return
    if (step := collapse_in(latent)) is not None:
        st.warning(_collapsed(step, settings), icon=":material/trending_flat:")
    fold = st.expander(
        "Inside the model", key=f"health-{run.id}", type="compact", icon=":material/monitor_heart:", on_change="rerun"
    )
    if not fold.open:
        return
    with fold:
        rows = rows_of(run.path / "latent.jsonl")
        if rows:
            own = rows[-1]
            gap = gap_at(own["step"], run.metrics("train"), run.metrics("held-out"))
            glossary.caption(_in_numbers(own, len(latent["kl"][-1]), gap, run.status().steps_per_second))
        _strip(latent)


def collapse_in(latent: Latent) -> int | None:
    """The step from which no dimension of any look carried anything, once one had; None where one still does."""
    active = [sum(value > ACTIVE_KL for value in kl) for kl in latent["kl"]]
    if active[-1] or len(active) < 3:  # it has had no time to learn anything
        return None
    last = max((place for place, count in enumerate(active) if count), default=-1)
    step: int = latent["steps"][last + 1]
    return step


def _collapsed(step: int, settings: Mapping[str, float]) -> str:
    weight, rate = settings["kl_weight"], settings["learning_rate"]
    if weight > 1:
        cause = f"at KL weight β = {weight:g} a nat of KL weighs more than what it saves in reconstruction: lower β"
    elif rate > 3e-3:
        cause = f"the learning rate {rate:g} is high enough to throw the encoder out: lower it"
    elif not settings["warmup"]:
        cause = "the KL presses on z before the decoder has learned to use it: warm the KL weight up"
    else:
        cause = "the decoder does as well without z: give it less to work with, or z a longer warm-up"
    return (
        f"Posterior collapse since step {step:,}: no latent dimension has a KL above {ACTIVE_KL} nats, so z says "
        f"nothing about the image and all samples look alike. The likely cause: {cause}."
    )


def gap_at(step: int, training: "MetricTable", held_out: "MetricTable") -> float | None:
    """Held-out NELBO less that of the training batches before a step, in nats; None where both are not known."""
    found = [
        dict(zip(table.steps, table.terms.get("nelbo", []), strict=False)).get(step) for table in (training, held_out)
    ]
    return found[1] - found[0] if found[0] is not None and found[1] is not None else None


def _in_numbers(row: Mapping[str, Any], dimensions: int, gap: float | None, speed: float) -> str:
    said = [f"**{row.get('active_units', 0)} of {dimensions}** latent dimensions are active units"]
    if gap is not None:
        said.append(f"the gap, held-out less training NELBO, is **{signed(gap, '+.2f')} nats**")
    if (norm := row.get("gradient_norm")) is not None:
        said.append(f"the gradient's norm is **{norm:.3g}**")
    if speed:
        said.append(f"a step takes **{1000 / speed:.3g} ms**")
    if memory := row.get("megabytes"):
        said.append(f"the process has taken **{memory:,.0f} MB** at most")
    return f"At step {row['step']:,} {'; '.join(said)}. Below: the KL of each dimension over time, on held-out images."


def _strip(latent: Latent) -> None:
    stride = max(1, -(-len(latent["steps"]) // MOST_STEPS))
    first = (len(latent["steps"]) - 1) % stride
    kept = list(zip(latent["steps"], latent["kl"], strict=True))[first::stride]
    by_kl = sorted(range(len(kept[-1][1])), key=lambda each: -kept[-1][1][each])[:MOST_DIMENSIONS]
    rows = [{"step": step, "dimension": j + 1, "kl": kl[j]} for step, kl in kept for j in by_kl if j < len(kl)]
    tooltip = [
        {"field": "step", "format": ",", "type": "quantitative"},
        {"field": "dimension", "title": "dimension", "type": "ordinal"},
        {"field": "kl", "title": "KL, nats", "format": ".2f", "type": "quantitative"},
    ]
    spec = {
        "height": {"step": 14},
        "mark": "rect",
        "encoding": {
            "x": {"field": "step", "type": "ordinal", "axis": {"labelOverlap": True, "format": ",", "labelAngle": 0}},
            "y": {"field": "dimension", "type": "ordinal", "title": "dimension of z"},
            "color": {
                "field": "kl",
                "type": "quantitative",
                "title": "KL, nats",
                "scale": {"range": ["#7c849422", KL_Z.color]},
            },
            "tooltip": tooltip,
        },
    }
    vega(
        rows,
        spec,
        key="health",
        alt="KL of each latent dimension over optimiser steps; the numbers of the last one stand above.",
    )
