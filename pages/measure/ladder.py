"""IWAE bounds of several models as a ladder that climbs towards log p(x), and what each of its bounds is worth."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import streamlit as st

from pages.draw.palette import BOUND, MODELS, marked, swatch
from pages.kit import glossary
from pages.kit.tables import table
from pages.measure.ladder_drawing import Ladder, drawing
from pages.measure.numbers import Column, Estimate, signed

__all__ = ["gains_table", "ladder_chart", "proof", "still_to_come"]


def ladder_chart(models: Sequence[Column], set_name: str, *, key: str) -> None:
    """Bounds on log p(x) over m, a line per model, with error bars of two standard errors.

    Arguments:
        models: columns whose `bounds` hold negative bounds in nats, as everywhere in this app; the chart turns them.
        set_name: the evaluation set in words, for the alternative text.
    """
    summary = "; ".join(f"{model.title}: {_summary(model.bounds)}" for model in models if model.bounds)
    ladders = [
        Ladder(model.title, {m: (-value, error or 0.0) for m, (value, error) in sorted(model.bounds.items())})
        for model in models
    ]
    with st.container(key=f"chart-{key}"):
        st.html(drawing(ladders, f"Bounds on log p(x) in nats per image on the {set_name}, rising with m. {summary}"))


def _summary(bounds: Mapping[int, Estimate]) -> str:
    return ", ".join(f"{-value:.2f} at m = {m}" for m, (value, _) in sorted(bounds.items()))


def gains_table(models: Sequence[Column]) -> None:
    """How many nats each step from one m to the next closes, and where the steps seem to lead."""
    bounds = sorted({m for model in models for m in model.bounds})
    steps = list(pairwise(bounds))
    if not steps:
        return
    head = [swatch(BOUND, "Nats closed"), *(f"{low:,} → {high:,}" for low, high in steps), "still to come, a guess"]
    lines = []
    for color, model in zip(MODELS, models, strict=False):
        closed = [_closed(model.bounds, low, high) for low, high in steps]
        rest = still_to_come([_closed(model.bounds, m, 10 * m) for m in (1, 10, 100)])
        cells = ["–" if nats is None else f"{nats:.2f}" for nats in (*closed, rest)]
        lines.append([marked(color, model.title), *cells])
    table(head, lines)
    glossary.caption(
        "What remains above the last bound is unknown: log p(x) itself cannot be computed. The guess goes on as the "
        "last two tenfold steps did, each smaller than the one before by the same factor."
    )


def proof(model: Column) -> None:
    """Why log p(x) >= L_m >= ... >= L_1 (Burda et al. 2016, appendix A), each step beside its number for one model."""
    bounds = sorted(model.bounds, reverse=True)
    lines = [
        (
            r"$\log p(x) = \log \mathbb{E}[w]$",
            "each weight $w = p(x, z)/q(z\\mid x)$ has mean $p(x)$: what $q$ prefers is paid back in weight",
            "unknown",
        ),
    ]
    for above, m in zip([0, *bounds], bounds, strict=False):
        bound = BOUND.in_tex(rf"\mathcal{{L}}_{{{m}}}")
        step = rf"$\ge\; {bound} = \mathbb{{E}}[\log w]$" if m == 1 else rf"$\ge\; {bound}$"
        if not above:
            why = "the logarithm bends down, so the log of an estimate is on average too low (Jensen)"
        elif m == 1:
            why = f"a mean of {above:,} single weights: the ELBO"
        else:
            why = f"a mean of {above:,} weights is a mean of {above / m:g} means of {m:,}: Jensen once more"
        lines.append((step, why, signed(-model.bounds[m][0])))
    table(["", "why", marked(MODELS[0], model.title)], lines, words=2)


def _closed(bounds: Mapping[int, Estimate], low: int, high: int) -> float | None:
    return bounds[low][0] - bounds[high][0] if low in bounds and high in bounds else None


def still_to_come(steps: Sequence[float | None]) -> float | None:
    """The sum of all further steps if each shrinks like the last one did; None if they do not shrink.

    Arguments:
        steps: nats closed by each tenfold m, in order; None where one was not measured.
    """
    *_, before, last = steps
    if before is None or last is None or not 0 < last < before:
        return None
    ratio = last / before
    return last * ratio / (1 - ratio)
