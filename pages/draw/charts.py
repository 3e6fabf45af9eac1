"""Live curves, drawn in place.

The browser keeps a chart as long as its description stays the same, and only then no tick flickers: so a chart's
spec and its alternative text are constant while its data grow.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest
from typing import Any, NamedTuple

import streamlit as st

from pages.draw.figures import literal
from pages.draw.palette import REFERENCE, Quantity
from pages.draw.projecting import enlarged, is_projecting

__all__ = ["DASHES", "Across", "Curve", "Look", "Mark", "Scale", "curves", "legend_of", "vega"]

MOST_POINTS = 600
HEIGHT = 320
LONG_NAME = 18
ONE_COLUMN, LEGEND_ROW = 5, 18  # names in the legend, and the height of each in pixels
NO_ROW: dict[str, object] = {
    "step": None,
    "value": None,
    "line": "",
}  # draws nothing: a chart is there before its first number


# Patterns in pixels, drawn and left out in turn, so that colour alone never distinguishes two lines.
DASHES = ((1, 0), (7, 3), (2, 2), (10, 3, 2, 3), (14, 5), (5, 2, 1, 2, 1, 2))


class Look(NamedTuple):
    """How a line looks: its quantity's colour, its width in pixels, its strength, its dashes.

    Where any line of a chart has a pattern of its own in `dashes`, the legend shows the patterns; of a line that is
    not `named` it says nothing.
    """

    quantity: Quantity
    width: float = 2.5
    opacity: float = 1.0
    dashed: bool = False
    dashes: tuple[int, ...] = ()
    named: bool = True


class Scale(NamedTuple):
    """The vertical axis: its title, and how its ticks and a hovered value are written (d3-format)."""

    title: str = "nats per image"
    ticks: str = ",.6~g"
    value: str = ".2f"


NATS = Scale()


class Across(NamedTuple):
    """The horizontal axis: what it is of, and how its ticks and a hovered place are written (d3-format)."""

    title: str = "step"
    ticks: str = ",d"
    value: str = ","


STEPS = Across()


class Curve(NamedTuple):
    """One line: its name in the legend, and values at optimiser steps, drawn from `first` to `last`.

    Attributes:
        places: where on the horizontal axis each value stands, where that is not its step.
        band: the lowest and the highest of what each value is the mean of; none if empty.
    """

    name: str
    steps: list[int]
    values: list[float]
    first: int = 0
    last: float = math.inf
    places: Sequence[float] = ()
    band: Sequence[tuple[float, float]] = ()


class Mark(NamedTuple):
    """Something that happened at a step, in a few words."""

    step: int
    text: str


def legend_of(names: Iterable[str]) -> dict[str, Any]:
    """A legend above a chart; long names stand below each other, so that a narrow screen cuts none."""
    longest = max(map(len, names), default=0)
    return {"orient": "top", "title": None, "labelLimit": 500, **({"columns": 1} if longest > LONG_NAME else {})}


def vega(*rows_and_spec: Any, key: str, alt: str) -> None:
    """Draw a Vega-Lite chart: its rows, unless they are in the spec, and the spec.

    Arguments:
        alt: the chart's message for who cannot see it. Vega's own words for each mark, some without a name, are left
            out.
    """
    *rows, spec = rows_and_spec
    if projecting := is_projecting():
        spec = enlarged(spec)
    st.vega_lite_chart(rows[0] if rows else None, _quiet(spec), key=key, alt=alt)
    if projecting:
        st.caption(literal(alt))


def _quiet(spec: dict[str, Any]) -> dict[str, Any]:
    quiet = dict(spec)
    if "mark" in spec:
        mark = spec["mark"] if isinstance(spec["mark"], dict) else {"type": spec["mark"]}
        quiet["mark"] = {**mark, "aria": False}
    if "layer" in spec:
        quiet["layer"] = [_quiet(layer) for layer in spec["layer"]]
    return quiet


def curves(
    lines: list[Curve],
    *,
    looks: Mapping[str, Look],
    key: str,
    alt: str,
    scale: Scale = NATS,
    across: Across = STEPS,
    height: int = HEIGHT,
    marks: Sequence[Mark] = (),
    highest: float | None = None,
) -> None:
    """Draw lines over optimiser steps, or over what `across` says.

    Arguments:
        marks: what happened at some steps: an upright line with its words.
        looks: the look of every line that can ever appear here; the same at every tick.
        key: names the chart's place.
        alt: the chart's message for who cannot see it; the same at every tick of a live chart.
        highest: where lines are cut off, so that one that rises far above all others does not flatten them.
    """
    rows: list[dict[str, object]] = [row for line in lines for row in _rows(line)]
    banded = any(line.band for line in lines)
    rows += [{"step": mark.step, "value": None, "line": "", "mark": mark.text} for mark in marks] if rows else [NO_ROW]
    with st.container(key=f"chart-{key}"):
        vega(rows, _spec(looks, scale, height, across, banded=banded, highest=highest), key=key, alt=alt)


def _spec(
    looks: Mapping[str, Look],
    scale: Scale,
    height: int,
    across: Across = STEPS,
    *,
    banded: bool = False,
    highest: float | None = None,
) -> dict[str, Any]:
    def by_line(choices: list[Any], **more: Any) -> dict[str, Any]:
        domain = {"type": "ordinal", "domain": list(looks), "range": choices}
        return {"field": "line", "type": "nominal", "scale": domain, "legend": None, **more}

    legend: dict[str, Any] = {"orient": "top", "title": None, "symbolStrokeWidth": 3, "columns": 2, "offset": 2}
    patterns = any(look.dashes for look in looks.values())
    if patterns:
        names = [name for name, look in looks.items() if look.named]
        columns = 1 if len(names) <= ONE_COLUMN else 2  # a phone has room for one long name, or two short ones
        legend |= {"symbolType": "stroke", "symbolSize": 500, "columns": columns, "labelLimit": 300 // columns}
        legend["values"] = names
        height += LEGEND_ROW * -(-len(names) // columns)
    place = "step" if across is STEPS else "place"
    tooltip = [
        {"field": "line", "title": "line"},
        {"field": "step", "title": "step", "type": "quantitative", "format": ","},
    ]
    if place != "step":
        tooltip.append({"field": place, "title": across.title, "type": "quantitative", "format": across.value})
    no_number = {
        "transform": [{"filter": "!isValid(datum.value) && !isValid(datum.mark)"}],
        "mark": {"type": "point", "shape": "cross", "angle": 45, "filled": True, "size": 90, "yOffset": -8},
        "encoding": {
            "y": {"value": "height"},
            "strokeWidth": {"value": 0},
            "strokeDash": {"value": [1, 0]},
            "tooltip": [*tooltip, {"value": "not a number", "title": scale.title}],
        },
    }
    only_one: dict[str, Any] = {  # a line of one point would be none
        "transform": [
            {"joinaggregate": [{"op": "valid", "field": "value", "as": "points"}], "groupby": ["line"]},
            {"filter": "datum.points == 1 && isValid(datum.value)"},
        ],
        "mark": {"type": "point", "filled": True, "size": 60},
        "encoding": {"strokeWidth": {"value": 0}, "strokeDash": {"value": [1, 0]}},
    }
    band: dict[str, Any] = {
        "transform": [{"filter": "isValid(datum.low)"}],
        "mark": {"type": "area", "interpolate": "monotone"},
        "encoding": {
            "y": {"field": "low", "type": "quantitative", "title": scale.title},
            "y2": {"field": "high"},
            "opacity": {"value": 0.2},
            "strokeWidth": {"value": 0},
            "strokeDash": {"value": [1, 0]},
        },
    }
    upright = {
        "color": {"value": REFERENCE.color},
        "opacity": {"value": 1},
        "strokeWidth": {"value": 1},
        "strokeDash": {"value": [2, 2]},
        "tooltip": [{"field": "mark", "title": "changed"}, tooltip[1]],
    }
    happened = [
        {
            "transform": [{"filter": "isValid(datum.mark)"}],
            "mark": {"type": "rule"},
            "encoding": {"y": {"value": 0}, "y2": {"value": "height"}, **upright},
        },
        {
            "transform": [{"filter": "isValid(datum.mark)"}],
            "mark": {"type": "text", "align": "left", "dx": 4, "dy": 6, "fontSize": 11},
            "encoding": {"y": {"value": 0}, "text": {"field": "mark"}, **upright, "strokeWidth": {"value": 0}},
        },
    ]
    line: dict[str, Any] = {
        "transform": [{"filter": "!isValid(datum.mark)"}],
        "mark": {"type": "line", "interpolate": "monotone", "strokeJoin": "round"},
    }
    vertical: dict[str, Any] = {"zero": False, "nice": True}
    if highest is not None:
        vertical["domainMax"] = highest
        for layer in (band, line, only_one):
            layer["mark"] = {**layer["mark"], "clip": True}
    return {
        "height": height,
        "layer": [*([band] if banded else []), line, no_number, only_one, *happened],
        "encoding": {
            "x": {
                "field": place,
                "type": "quantitative",
                "title": across.title,
                "axis": {"format": across.ticks, "grid": False, "tickCount": 5},
            },
            "y": {
                "field": "value",
                "type": "quantitative",
                "title": scale.title,
                "scale": vertical,
                "axis": {"format": scale.ticks},
            },
            "color": by_line([look.quantity.color for look in looks.values()], legend=legend),
            "strokeWidth": by_line([look.width for look in looks.values()]),
            "opacity": by_line([look.opacity for look in looks.values()]),
            "strokeDash": by_line(
                [list(look.dashes) or ([5, 3] if look.dashed else [1, 0]) for look in looks.values()],
                **({"legend": legend} if patterns else {}),
            ),
            "tooltip": [
                *tooltip,
                {"field": "value", "title": scale.title, "type": "quantitative", "format": scale.value},
            ],
        },
    }


def _rows(line: Curve) -> list[dict[str, object]]:
    """The line's points, thinned evenly to a bounded number, the newest always among them.

    Where a training measured no number, the value is None: a gap in the line, and a cross below it. The thinning keeps
    every such step, up to the same bound.
    """
    every = zip_longest(line.steps[: len(line.values)], line.values[: len(line.steps)], line.places, line.band)
    points = [each for each in every if each[0] is not None and line.first <= each[0] <= line.last]
    stride = max(1, -(-len(points) // MOST_POINTS))
    kept = points[(len(points) - 1) % stride if points else 0 :: stride]
    broken = [each for each in points if not math.isfinite(each[1])][:MOST_POINTS]
    rows = []
    for step, value, place, band in sorted({*kept, *broken} if broken else kept, key=lambda each: each[0]):
        row = {"step": step, "value": value if math.isfinite(value) else None, "line": line.name}
        if line.places:
            row["place"] = place
        if band is not None and all(map(math.isfinite, band)):
            row |= {"low": band[0], "high": band[1]}
        rows.append(row)
    return rows
