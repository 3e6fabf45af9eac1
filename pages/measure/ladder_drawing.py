"""The ladder of bounds as a drawing of its own, on the screen with the text of its page.

A chart of Streamlit's needs 0.8 MB of code before its first line shows, half a second and more on a first visit; and
of what `st.html` may show, SVG is not a part. So lines are boxes cut to shape.
"""

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import NamedTuple

from pages.draw.palette import MODELS
from pages.measure.numbers import signed

__all__ = ["Ladder", "drawing"]

HEIGHT = 300
MOST_TICKS = 8
ERRORS_SHOWN = 2.0  # standard errors to each side
MARGIN = 0.06  # of the width, left of the first rung and right of the last
LINE = 2.4  # pixels
_STYLE = """<style>
.ladder { padding: 0.25rem 1rem 4.2rem 4.2rem; font-size: 0.8rem; font-variant-numeric: tabular-nums; }
.ladder .names { display: flex; flex-wrap: wrap; gap: 0.2rem 1.2rem; padding-bottom: 1.2rem; }
.ladder .plot, .ladder .plot div { position: absolute; }
.ladder .plot { position: relative; }
.ladder .tick { inset: auto 0; height: 1px; background: color-mix(in srgb, currentColor 14%, transparent); }
.ladder span { opacity: 0.8; white-space: nowrap; }
.ladder .names span { white-space: normal; overflow-wrap: anywhere; }
.ladder .plot span { position: absolute; transform: translate(-50%, -50%); }
.ladder .tick span { left: -10px; transform: translate(-100%, -50%); }
.ladder .line { inset: 0; }
.ladder .rung { width: 20px; height: 20px; transform: translate(-50%, -50%); }
.ladder .rung div { left: 50%; top: 50%; transform: translate(-50%, -50%); background: var(--color); }
.ladder .dot { width: 6px; height: 6px; border-radius: 50%; }
.ladder .error { width: 2px; }
.ladder .cap { width: 16px; height: 1.5px; }
.ladder .rung span { left: 50%; top: -8px; opacity: 0; font-size: 0.875rem; font-weight: 600; pointer-events: none; }
.ladder .rung:hover span { opacity: 1; }
</style>"""


class Ladder(NamedTuple):
    """One model's bounds on log p(x) by m: the bound in nats, and its standard error or 0."""

    title: str
    rungs: Mapping[int, tuple[float, float]]


def drawing(ladders: Sequence[Ladder], told: str) -> str:
    """HTML of the ladders over m, each in its colour with error bars; a bound under the pointer says its number.

    As wide as its place, and its text the same size in any: what goes across is in percent, what goes up in pixels.

    Arguments:
        ladders: up to as many as there are colours, one rung or more in all.
        told: the alternative text.
    """
    every = [m for ladder in ladders for m in ladder.rungs]
    across = _Across(min(every), max(every))
    ends = [
        value + side * ERRORS_SHOWN * error
        for ladder in ladders
        for value, error in ladder.rungs.values()
        for side in (-1, 1)
    ]
    step, first, last = _ticks(min(ends), max(ends))
    up = _Up(first * step, last * step)
    decimals = max(0, -math.floor(math.log10(step)))
    colored = list(zip(MODELS, ladders, strict=False))
    names = [f'<span><b style="color: {color}">■</b> {escape(one.title)}</span>' for color, one in colored]
    parts = [_tick(up(tick * step), signed(tick * step, f",.{decimals}f")) for tick in range(first, last + 1)]
    parts += [f'<span style="left: {across(m):.2f}%; top: {HEIGHT + 16}px">{m:,}</span>' for m in sorted(set(every))]
    parts += [_line(ladder, color, across, up) for color, ladder in colored]
    parts += [_rungs(ladder, color, across, up) for color, ladder in colored]
    return (
        f'{_STYLE}<div class="ladder" role="img" aria-label="{escape(told)}"><div class="names">{"".join(names)}</div>'
        f'<div class="plot" style="height: {HEIGHT}px">{"".join(parts)}'
        f'<span style="left: 50%; top: {HEIGHT + 42}px">m, samples in each bound</span>'
        '<span style="left: -56px; top: 50%; transform: translate(-50%, -50%) rotate(-90deg)">'
        "bound on log p(x), nats per image</span></div></div>"
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


def _tick(y: float, text: str) -> str:
    return f'<div class="tick" style="top: {y:.1f}px"><span>{text}</span></div>'


def _line(ladder: Ladder, color: str, across: _Across, up: _Up) -> str:
    """A box as large as the plot, cut to the line's upper edge and, backwards, its lower one."""
    places = [(across(m), up(value)) for m, (value, _) in sorted(ladder.rungs.items())]
    upper = [f"{x:.2f}% {y - LINE / 2:.1f}px" for x, y in places]
    lower = [f"{x:.2f}% {y + LINE / 2:.1f}px" for x, y in reversed(places)]
    edge = ", ".join(upper + lower)
    return f'<div class="line" style="background: {color}; clip-path: polygon({edge})"></div>'


def _rungs(ladder: Ladder, color: str, across: _Across, up: _Up) -> str:
    drawn = []
    for m, (value, error) in ladder.rungs.items():
        length = up(value - ERRORS_SHOWN * error) - up(value + ERRORS_SHOWN * error)
        number = signed(value, ",.2f") + (f" ± {error:.2f}" if error else "")
        drawn.append(
            f'<div class="rung" style="left: {across(m):.2f}%; top: {up(value):.1f}px; --color: {color}">'
            f"{_error(length) if error else ''}"
            '<div class="dot"></div>'
            f"<span>{number}</span></div>"
        )
    return "".join(drawn)


def _error(length: float) -> str:
    """A bar of so many pixels between two caps, which show where it ends even behind the dot."""
    caps = "".join(f'<div class="cap" style="top: calc(50% {side} {length / 2:.1f}px)"></div>' for side in "-+")
    return f'<div class="error" style="height: {length:.1f}px"></div>{caps}'
