"""The numbers of a line: an equality with what is left between its sides, or an order with its gaps drawn."""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from markupsafe import Markup

from pages.theory.chapter import Equality, Line, Order, Values
from training.system.number_format import plus_minus, signed
from training.system.templates import template
from training.theory.measured import EXACT, Measured, Numbers, agree

__all__ = ["drawing", "with_power", "written"]

MARGIN = 4.0  # percent of the track, on each side
ERRORS_SHOWN = 2.0  # standard errors to each side
_TEMPLATE = Path(__file__).with_suffix(".html")
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def drawing(line: Line, labels: Mapping[str, str], numbers: Numbers) -> str:
    """HTML of a line's numbers.

    Arguments:
        labels: how each number is written, HTML of the chapter's own text.
    """
    names = line.numbers
    verdict, agrees, tracks = "", True, {}
    decimals = 2 if isinstance(line.shows, Values) else 4
    if isinstance(line.shows, Equality):
        left, right = (numbers[name] for name in names)
        agrees, verdict = agree(left, right), _difference(left, right)
    elif isinstance(line.shows, Order):
        tracks = _tracks(names, numbers)
        gaps = [(low, high, numbers[high].value - numbers[low].value) for low, high in pairwise(names)]
        agrees = all(gap >= -_slack(numbers[low], numbers[high]) for low, high, gap in gaps) or not line.shows.theorem
        verdict = "Gap: " if len(gaps) == 1 else "Gaps, from the lowest: "
        verdict += ", ".join(_short(gap) for _, _, gap in gaps) + "."
        verdict = verdict if line.shows.theorem else "Measured here; no theorem says so for every model."
    rows: list[dict[str, Any]] = [
        {"label": Markup(labels[name]), "number": written(numbers[name], decimals), "track": name in tracks}
        | tracks.get(name, {})
        for name in (reversed(names) if tracks else names)
    ]
    return template(_TEMPLATE).render(rows=rows, verdict=verdict, agrees=agrees)


def written(number: Measured, decimals: int = 4) -> str:
    """A number as a page shows it: an exact one with its decimals, an estimate with its standard error."""
    if number.error:
        form = ",.2f" if number.error >= 0.01 or abs(number.value) >= 10 else ",.4f"
        return f"{signed(number.value, form)} {plus_minus(number.error, form)}"
    if number.value == int(number.value) and abs(number.value) < 10**6:
        return signed(number.value, ",.0f")
    return with_power(number.value) if 0 < abs(number.value) < 1e-4 else signed(number.value, f",.{decimals}f")


def _short(value: float) -> str:
    return with_power(value) if 0 < abs(value) < 0.005 else signed(value)


def with_power(value: float) -> str:
    """A small or large number with a power of ten."""
    if not value or not math.isfinite(value):
        return signed(value, "g")
    exponent = math.floor(math.log10(abs(value)))
    return f"{signed(value / 10.0**exponent, '.1f')} · 10{str(exponent).translate(_SUPERSCRIPTS)}"


def _difference(left: Measured, right: Measured) -> str:
    apart = abs(left.value - right.value)
    if left.error or right.error:
        error = math.hypot(left.error, right.error)
        return f"They differ by {_short(apart)}, which is {apart / error:.1f} standard errors of the difference."
    if not apart:
        return "They agree in every digit."
    return f"They differ by {with_power(apart)}" + (", which is the grid's error." if apart > EXACT / 1e4 else ".")


def _slack(low: Measured, high: Measured) -> float:
    """How far two numbers in their order may seem to be out of it."""
    return 4 * math.hypot(low.error, high.error) or EXACT


def _tracks(names: Sequence[str], numbers: Numbers) -> dict[str, dict[str, Any]]:
    """Where each number stands on its track, the gap to the one below it, and its error bar: percent."""
    ends = [numbers[name].value + side * ERRORS_SHOWN * numbers[name].error for name in names for side in (-1, 1)]
    low, width = min(ends), max(ends) - min(ends) or 1.0

    def place(value: float) -> float:
        return round(MARGIN + (100 - 2 * MARGIN) * (value - low) / width, 2)

    found: dict[str, dict[str, Any]] = {}
    for position, name in enumerate(names):
        number = numbers[name]
        here, reach = place(number.value), ERRORS_SHOWN * number.error
        below = place(numbers[names[position - 1]].value) if position else here
        first, last = place(number.value - reach), place(number.value + reach)
        found[name] = {
            "at": here,
            "gap": (min(below, here), round(abs(here - below), 2)) if position else None,
            "error": (first, round(last - first, 2)) if reach else None,
        }
    return found
