"""The ladder of bounds as a drawing of its own, on the screen with the text of its page.

A chart of Streamlit's needs 0.8 MB of code before its first line shows, half a second and more on a first visit; and
of what `st.html` may show, SVG is not a part. So lines are boxes cut to shape.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from pages.draw.palette import MODELS, SYMBOLS
from training.system.number_format import plus_minus, signed
from training.system.templates import template

__all__ = ["ERRORS_SHOWN", "Ladder", "drawing"]

HEIGHT = 300
MOST_TICKS = 8
ERRORS_SHOWN = 2.0  # standard errors to each side
MARGIN = 0.06  # of the width, left of the first bound and right of the last
LINE = 2.4  # pixels
_TEMPLATE = Path(__file__).with_suffix(".html")


class Ladder(NamedTuple):
    """One model's negative bounds by m: the bound in nats, and its standard error or 0."""

    title: str
    bounds: Mapping[int, tuple[float, float]]


def drawing(ladders: Sequence[Ladder], summary: str) -> str:
    """HTML of the ladders over m, each in its colour with error bars; a bound under the pointer says its number.

    As wide as its place, and its text the same size in any: what goes across is in percent, what goes up in pixels.

    Arguments:
        ladders: up to as many as there are colours, one bound or more in all.
        summary: the alternative text.
    """
    every = [m for ladder in ladders for m in ladder.bounds]
    across = _Across(min(every), max(every))
    ends = [
        value + side * ERRORS_SHOWN * error
        for ladder in ladders
        for value, error in ladder.bounds.values()
        for side in (-1, 1)
    ]
    step, first, last = _ticks(min(ends), max(ends))
    up = _Up(first * step, last * step)
    decimals = max(0, -math.floor(math.log10(step)))
    return template(_TEMPLATE).render(
        alt=summary,
        height=HEIGHT,
        ticks=[
            {"top": round(up(tick * step), 1), "text": signed(tick * step, f",.{decimals}f")}
            for tick in range(first, last + 1)
        ],
        columns=[{"left": round(across(m), 2), "text": f"{m:,}"} for m in sorted(set(every))],
        lines=[
            {
                "color": color,
                "symbol": SYMBOLS[color],
                "title": ladder.title,
                "edge": _edge(ladder, across, up),
                "bounds": [_bound(across(m), up, *bound) for m, bound in ladder.bounds.items()],
            }
            for color, ladder in zip(MODELS, ladders, strict=False)
        ],
    )


class _Across(NamedTuple):
    """m -> percent of the width, on a logarithmic scale."""

    first: int
    last: int

    def __call__(self, m: int) -> float:
        if self.first == self.last:
            return 50.0
        share = math.log(m / self.first) / math.log(self.last / self.first)
        return 100 * (MARGIN + (1 - 2 * MARGIN) * share)


class _Up(NamedTuple):
    """Nats -> pixels from the top."""

    low: float
    high: float

    def __call__(self, nats: float) -> float:
        return HEIGHT * (self.high - nats) / (self.high - self.low)


def _ticks(low: float, high: float) -> tuple[float, int, int]:
    """A step of 1, 2 or 5 times a power of ten, and its multiples just below and just above: at most `MOST_TICKS`."""
    span = max(high - low, 1e-6 * max(1.0, abs(high)))
    power = 10.0 ** math.floor(math.log10(span / MOST_TICKS))
    steps = (power * factor for factor in (1, 2, 5, 10, 20))
    step = next(step for step in steps if math.ceil(high / step) - math.floor(low / step) < MOST_TICKS)
    first = math.floor(low / step)
    return step, first, max(math.ceil(high / step), first + 1)


def _edge(ladder: Ladder, across: _Across, up: _Up) -> str:
    """The line as a polygon: along its upper edge and, backwards, along its lower one."""
    places = [(across(m), up(value)) for m, (value, _) in sorted(ladder.bounds.items())]
    upper = [f"{x:.2f}% {y - LINE / 2:.1f}px" for x, y in places]
    lower = [f"{x:.2f}% {y + LINE / 2:.1f}px" for x, y in reversed(places)]
    return ", ".join(upper + lower)


def _bound(left: float, up: _Up, value: float, error: float) -> dict[str, float | str | None]:
    """A bound's place, the length of its error bar in pixels, and its number."""
    length = up(value - ERRORS_SHOWN * error) - up(value + ERRORS_SHOWN * error)
    return {
        "left": round(left, 2),
        "top": round(up(value), 1),
        "error": round(length, 1) if error else None,
        "number": signed(value) + (f" {plus_minus(error)}" if error else ""),
    }
