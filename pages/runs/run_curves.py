"""What a run measures, as tiles and curves: every term that its metrics name."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from models.description.terms import SHARED
from pages.draw.charts import HEIGHT, Curve, Look, Mark, curves
from pages.draw.palette import NELBO, REFERENCE, swatch
from pages.kit import glossary
from pages.kit.terms import in_order, term

if TYPE_CHECKING:
    from training.data.data_set import DataSet
    from training.runs.run_folder import MetricTable, Status

__all__ = ["CHANGED", "run_curves", "tiles"]

TRAINING, HELD_OUT, SHIPPED, BEFORE = "training", "held-out", "shipped", "before the fork"
SMALL = 220
FORK_STEPS = 500  # of what was before a fork, at least so many
CHANGED = {"learning_rate": "learning rate", "kl_weight": "KL weight β", "warmup": "KL warm-up"}


def tiles(training: "MetricTable", held_out: "MetricTable", data: "DataSet", model: Mapping[str, Any]) -> None:
    """The newest value of every term: on training batches large, on held-out images small below.

    Arguments:
        data: what the model learned from.
        model: its config.
    """
    names = in_order([*training.terms, *held_out.terms])
    per_row = len(names) if 0 < len(names) <= 4 else 3
    for start in range(0, len(names), per_row):
        row = names[start : start + per_row]
        for column, name in zip(st.columns(per_row), row, strict=False):
            with column:
                _tile(name, training, held_out, data, model)


def _tile(
    name: str, training: "MetricTable", held_out: "MetricTable", data: "DataSet", model: Mapping[str, Any]
) -> None:
    shown = term(name)
    most = model.get(shown.about.out_of) if shown.about else None
    unit = f"of {most:,}" if most else "nats" if shown.unit == "nats" else ""
    if name in training.terms:
        value, below = training.terms[name], unit
        measured = "Large: the mean over the last 50 training batches."
        if name in held_out.terms:
            below = f"held-out {shown.text(held_out.terms[name][-1])}" if held_out.terms[name] else "held-out –"
            measured += f" Small: 1,000 {data.plural} that training never sees."
    else:
        value, below = held_out.terms[name], ", ".join(filter(None, [unit, "held-out"]))
        measured = f"Measured on 1,000 {data.plural} that training never sees."
    st.metric(
        swatch(shown.quantity, shown.short or None),
        shown.text(value[-1]) if value else "–",
        below or None,
        delta_color="off",
        delta_arrow="off",
        help=f"{shown.help_for(data.images)}  \n{measured}",
    )


def run_curves(
    training: "MetricTable",
    held_out: "MetricTable",
    status: "Status",
    *,
    shipped: "MetricTable | None" = None,
    changes: Sequence[Mapping[str, Any]] = (),
    ancestry: "MetricTable | None" = None,
) -> None:
    """A chart for each group of terms that share an axis, two in a row: first what training reports."""
    whole = st.toggle("From the start", key="from-start", help="Without it, curves begin where the first fall ends.")
    first = 0 if whole else _settled(status.step)
    if ancestry is not None:  # it begins where another one was
        first = min(ancestry.steps) if whole else -max(status.step, FORK_STEPS)
    charts: dict[str, list[str]] = {}
    for name in in_order([*training.terms, *held_out.terms]):
        charts.setdefault(term(name).chart, []).append(name)
    if not charts:
        st.skeleton(HEIGHT)
        return

    def rank(chart: str) -> tuple[bool, bool]:
        trained = any(name in training.terms for name in charts[chart])
        return not trained, chart not in {entry.chart for entry in SHARED}

    order = sorted(charts, key=rank)
    for start in range(0, len(order), 2):
        for column, chart in zip(st.columns(2, gap="medium"), order[start : start + 2], strict=False):
            with column:
                height = HEIGHT if start == 0 else SMALL
                marks = _marks(changes, first)
                _chart(chart, charts[chart], training, held_out, status, first, shipped, height, marks, ancestry)


def _chart(
    chart: str,
    names: list[str],
    training: "MetricTable",
    held_out: "MetricTable",
    status: "Status",
    first: int,
    shipped: "MetricTable | None",
    height: int,
    marks: Sequence[Mark],
    ancestry: "MetricTable | None",
) -> None:
    """One term on both splits, or several terms with a line each: held-out where that is measured."""
    lines, looks = [], {}
    if len(names) == 1:
        [name] = names
        quantity = term(name).quantity
        if name in training.terms:
            lines.append(Curve(TRAINING, training.steps, training.terms[name], first))
            looks[TRAINING] = Look(quantity, width=1.5, opacity=0.45) if name in held_out.terms else Look(quantity)
        if name in held_out.terms:
            lines.append(Curve(HELD_OUT, held_out.steps, held_out.terms[name], first))
            looks[HELD_OUT] = Look(quantity)
        if name == "nelbo" and shipped is not None:
            lines.append(Curve(SHIPPED, shipped.steps, shipped.terms.get(name, []), first, max(status.step, 1000)))
            looks[SHIPPED] = Look(REFERENCE, width=1.5, dashed=True)
        if ancestry is not None and name in ancestry.terms:
            lines.append(Curve(BEFORE, ancestry.steps, ancestry.terms[name], first))
            looks[BEFORE] = Look(quantity, width=1.5, dashed=True)
    else:
        for name in names:
            label = term(name).short or term(name).label
            table = held_out if name in held_out.terms else training
            lines.append(Curve(label, table.steps, table.terms[name], first))
            looks[label] = Look(term(name).quantity)
    glossary.markdown(_title(chart, names, [*training.terms, *held_out.terms]))
    curves(
        lines,
        looks=looks,
        key=chart,
        alt=_alt(status, training, held_out, names),
        scale=term(names[0]).scale,
        height=height,
        marks=marks,
    )


def _marks(changes: Sequence[Mapping[str, Any]], first: int) -> list[Mark]:
    """Where settings were changed while it trained."""
    return [Mark(row["step"], f"{CHANGED[row['setting']]} {row['value']:g}") for row in changes if row["step"] >= first]


def _title(chart: str, names: list[str], reported: list[str]) -> str:
    if chart == "nelbo":
        parts = [term(name).label for name in reversed(in_order(reported)) if name == "rec" or name.startswith("kl")]
        return swatch(NELBO, " = ".join(filter(None, ["**NELBO**", " + ".join(parts)])))
    known = [about.chart_title for name in names if (about := term(name).about) and about.chart_title]
    title = known[0] if known else "**" + " and ".join(term(name).label for name in names) + "**"
    return swatch(term(names[0]).quantity, title) if len(names) == 1 else title


def _settled(step: int) -> int:
    """The step from which curves are worth a close look: the first fall would flatten all the rest."""
    return 0 if step < 300 else max(200, step // 25)


def _alt(status: "Status", training: "MetricTable", held_out: "MetricTable", names: list[str]) -> str:
    """What the curves say, with numbers once they have stopped growing; until then the tiles carry them."""
    labels = " and ".join(term(name).label for name in names)
    if status.active:
        return f"{labels} over optimiser steps, growing; the tiles above hold the current values."
    changes = []
    for name in names:
        values = held_out.terms.get(name) or training.terms.get(name)
        if values:
            shown = term(name)
            changes.append(f"{shown.label} from {shown.text(values[0])} to {shown.with_unit(values[-1])}")
    return f"{labels} over {status.step:,} steps: {'; '.join(changes) or 'nothing measured yet'}."
