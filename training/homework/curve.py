"""Held-out terms over a training as a picture for paper: an SVG of three lines."""

import math
from collections.abc import Sequence
from pathlib import Path

from training.runs.run_folder import MetricTable
from training.system.templates import template

__all__ = ["curve_svg"]

LEFT, RIGHT, TOP, BOTTOM = 52.0, 610.0, 22.0, 218.0
MOST_MARKS = 6
SETTLED = 0.04  # of the training: the first fall would flatten all the rest
LOOKS = {"nelbo": ("NELBO", "#7c3aed", ""), "kl": ("KL", "#b45309", "7 3"), "rec": ("reconstruction", "#0f766e", "2 2")}


def curve_svg(table: MetricTable) -> str:
    """NELBO, KL and reconstruction over the steps, from where the first fall ends; a table needs two measurements."""
    first = next(
        (place for place, step in enumerate(table.steps[:-2]) if step >= SETTLED * table.steps[-1]),
        len(table.steps) - 2,
    )
    steps = table.steps[first:]
    values = {name: table.terms[name][first:] for name in LOOKS if name in table.terms}
    low, high = min(map(min, values.values())), max(map(max, values.values()))

    def x(step: float) -> float:
        return round(LEFT + (RIGHT - LEFT) * (step - steps[0]) / ((steps[-1] - steps[0]) or 1), 1)

    def y(value: float) -> float:
        return round(BOTTOM - (BOTTOM - TOP) * (value - low) / ((high - low) or 1), 1)

    lines = [
        {
            "name": LOOKS[name][0],
            "color": LOOKS[name][1],
            "dashes": LOOKS[name][2] or "none",
            "legend": 200 + 110 * place,
            "points": _points([x(step) for step in steps], [y(value) for value in row]),
        }
        for place, (name, row) in enumerate(values.items())
    ]
    return template(Path(__file__).with_suffix(".svg")).render(
        lines=lines,
        ticks_y=[(y(value), f"{value:,.0f}") for value in _round_numbers(low, high)],
        ticks_x=[(x(step), f"{step:,.0f}") for step in _round_numbers(steps[0], steps[-1])],
    )


def _round_numbers(low: float, high: float) -> list[float]:
    """A few round numbers from low to high."""
    for power in range(-3, 9):
        for first in (1, 2, 5):
            gap = first * 10.0**power
            if (high - low) / gap <= MOST_MARKS:
                return [gap * count for count in range(math.ceil(low / gap), math.floor(high / gap) + 1)]
    return [low, high]


def _points(across: Sequence[float], up: Sequence[float]) -> str:
    return " ".join(f"{x},{y}" for x, y in zip(across, up, strict=True))
