"""Negative IWAE bounds of models as a ladder that falls towards −log p(x), and the gap that each step closes."""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

import streamlit as st

from pages.draw.palette import BOUND, MODELS, marked, swatch
from pages.kit import glossary
from pages.kit.guard import plain
from pages.kit.tables import table
from pages.measure.ladder_drawing import ERRORS_SHOWN, Ladder, drawing
from pages.measure.numbers import Column, Estimate
from training.evaluation.spread import Spread
from training.system.number_format import signed

__all__ = ["gains_table", "ladder_chart", "proof", "remainder"]


def ladder_chart(models: Sequence[Column], set_name: str, *, key: str) -> None:
    """Negative bounds over m, a line per model, with error bars of two standard errors.

    Arguments:
        models: columns whose `bounds` hold negative bounds in nats, as everywhere in this app.
        set_name: the evaluation set in words, for the alternative text.
    """
    summary = "; ".join(f"{model.title}: {_summary(model.bounds)}" for model in models if model.bounds)
    ladders = [
        Ladder(model.title, {m: (value, error or 0.0) for m, (value, error) in sorted(model.bounds.items())})
        for model in models
    ]
    with st.container(key=f"chart-{key}"):
        st.html(drawing(ladders, f"Negative bounds in nats per image on the {set_name}, falling with m. {summary}"))
    st.caption(f"Error bars: {ERRORS_SHOWN:g} standard errors to each side. One is {Spread.NOISE.value}.")


def _summary(bounds: Mapping[int, Estimate]) -> str:
    return ", ".join(f"{signed(value)} at m = {m}" for m, (value, _) in sorted(bounds.items()))


def gains_table(models: Sequence[Column]) -> None:
    """How many nats of the gap each step from one m to the next closes, and how much at least remains."""
    bounds = sorted({m for model in models for m in model.bounds})
    steps = list(pairwise(bounds))
    if not steps:
        return
    head = [swatch(BOUND, "Gap closed, nats"), *(f"{low:,} → {high:,}" for low, high in steps), "remainder, at least"]
    lines = []
    for color, model in zip(MODELS, models, strict=False):
        closed = [_closed(model.bounds, low, high) for low, high in steps]
        rest = remainder(
            [_closed(model.bounds, m, 10 * m) for m in (1, 10, 100)], max(model.bounds, default=1000) / 1000
        )
        cells = ["–" if nats is None else signed(nats) for nats in (*closed, rest)]
        lines.append([marked(color, plain(model.title)), *cells])
    table(head, lines)
    glossary.caption(
        "The gap to −log p(x) below the last bound is unknown. The last column continues the last two tenfold steps up "
        "to m = 1,000, each smaller than the one before by the same factor. Read it as “at least”: samples of "
        "$q(z\\mid x)$ cannot show what it never visits."
    )


def proof(model: Column, color: str) -> None:
    """Why -log p(x) <= -L_m <= ... <= -L_1 (Burda et al. 2016, appendix A), each step with one model's estimate."""
    bounds = sorted(model.bounds, reverse=True)
    lines = [
        (
            r"$-\log p(x) = -\log \mathbb{E}[w]$",
            "each weight $w = p(x, z)/q(z\\mid x)$ has mean $p(x)$: where $q$ is large, the weight is small",
            "unknown",
        ),
    ]
    for above, m in zip([0, *bounds], bounds, strict=False):
        bound = BOUND.in_tex(rf"-\mathcal{{L}}_{{{m}}}")
        step = rf"$\le\; {bound} = -\mathbb{{E}}[\log w]$" if m == 1 else rf"$\le\; {bound}$"
        if not above:
            why = "−log is convex: of an estimate of $p(x)$ it is on average too large (Jensen)"
        elif m == 1:
            why = f"a mean of {above:,} single weights: "
            why += "each sums the label out, so not the NELBO" if "kl_y" in model.terms else "the NELBO"
        else:
            why = f"a mean of {above:,} weights is a mean of {above / m:g} means of {m:,}: Jensen once more"
        lines.append((step, why, signed(model.bounds[m][0])))
    table(["", "why", marked(color, f"estimate, {plain(model.title)}")], lines, words=2)


def _closed(bounds: Mapping[int, Estimate], low: int, high: int) -> float | None:
    return bounds[low][0] - bounds[high][0] if low in bounds and high in bounds else None


def remainder(steps: Sequence[float | None], beyond: float = 1.0) -> float | None:
    """The sum of all further steps if each shrinks like the last one did; None if they do not shrink.

    Arguments:
        steps: nats of the gap that each tenfold m closes, in order; None where one was not measured.
        beyond: the largest m that was measured, in units of the m at which the steps end; what it closed is left out.
    """
    *_, before, last = steps
    if before is None or last is None or not 0 < last < before:
        return None
    ratio = last / before
    return last * ratio / (1 - ratio) * ratio ** math.log10(beyond)
