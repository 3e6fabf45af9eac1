"""Live curves, drawn in place.

The browser keeps a chart as long as its description stays the same, and only then no tick flickers: so a chart's
spec and its alternative text are constant while its data grow.
"""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import streamlit as st

from pages.draw.palette import Quantity

__all__ = ["Curve", "Look", "Scale", "curves", "vega"]

MOST_POINTS = 600
HEIGHT = 320


class Look(NamedTuple):
    """How a line looks: its quantity's colour, its width in pixels, its strength, dashed or not."""

    quantity: Quantity
    width: float = 2.5
    opacity: float = 1.0
    dashed: bool = False


class Scale(NamedTuple):
    """The vertical axis: its title, and how its ticks and a hovered value are written (d3-format)."""

    title: str = "nats per image"
    ticks: str = ",.6~g"
    value: str = ".2f"


NATS = Scale()


class Curve(NamedTuple):
    """One line: its name in the legend, and values at optimiser steps, drawn from `first` to `last`."""

    name: str
    steps: list[int]
    values: list[float]
    first: int = 0
    last: float = math.inf


def vega(*rows_and_spec: Any, key: str, alt: str) -> None:
    """Draw a Vega-Lite chart: its rows, unless they are in the spec, and the spec.

    Arguments:
        alt: the chart's message for who cannot see it. Vega's own words for each mark, some without a name, are left
            out.
    """
    *rows, spec = rows_and_spec
    st.vega_lite_chart(rows[0] if rows else None, _quiet(spec), key=key, alt=alt)


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
    height: int = HEIGHT,
) -> None:
    """Draw lines over optimiser steps.

    Arguments:
        looks: the look of every line that can ever appear here; the same at every tick.
        key: names the chart's place.
        alt: the chart's message for who cannot see it; the same at every tick of a live chart.
    """
    rows: list[dict[str, object]] = [row for line in lines for row in _rows(line)]
    with st.container(key=f"chart-{key}"):
        if rows:
            vega(rows, _spec(looks, scale, height), key=key, alt=alt)
        else:
            st.skeleton(height)


def _spec(looks: Mapping[str, Look], scale: Scale, height: int) -> dict[str, Any]:
    def by_line(choices: list[Any], **more: Any) -> dict[str, Any]:
        domain = {"type": "ordinal", "domain": list(looks), "range": choices}
        return {"field": "line", "type": "nominal", "scale": domain, "legend": None, **more}

    legend = {"orient": "top", "title": None, "symbolStrokeWidth": 3, "columns": 2, "offset": 2}
    tooltip = [
        {"field": "line", "title": "line"},
        {"field": "step", "title": "step", "type": "quantitative", "format": ","},
    ]
    no_number = {
        "transform": [{"filter": "!isValid(datum.value)"}],
        "mark": {"type": "point", "shape": "cross", "angle": 45, "filled": True, "size": 90, "yOffset": -8},
        "encoding": {
            "y": {"value": "height"},
            "strokeWidth": {"value": 0},
            "strokeDash": {"value": [1, 0]},
            "tooltip": [*tooltip, {"value": "not a number", "title": scale.title}],
        },
    }
    only_one = {  # a line of one point would be none
        "transform": [
            {"joinaggregate": [{"op": "valid", "field": "value", "as": "points"}], "groupby": ["line"]},
            {"filter": "datum.points == 1 && isValid(datum.value)"},
        ],
        "mark": {"type": "point", "filled": True, "size": 60},
        "encoding": {"strokeWidth": {"value": 0}, "strokeDash": {"value": [1, 0]}},
    }
    return {
        "height": height,
        "layer": [{"mark": {"type": "line", "interpolate": "monotone", "strokeJoin": "round"}}, no_number, only_one],
        "encoding": {
            "x": {
                "field": "step",
                "type": "quantitative",
                "title": "step",
                "axis": {"format": ",d", "grid": False, "tickCount": 5},
            },
            "y": {
                "field": "value",
                "type": "quantitative",
                "title": scale.title,
                "scale": {"zero": False, "nice": True},
                "axis": {"format": scale.ticks},
            },
            "color": by_line([look.quantity.color for look in looks.values()], legend=legend),
            "strokeWidth": by_line([look.width for look in looks.values()]),
            "opacity": by_line([look.opacity for look in looks.values()]),
            "strokeDash": by_line([[5, 3] if look.dashed else [1, 0] for look in looks.values()]),
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
    points = [each for each in zip(line.steps, line.values, strict=False) if line.first <= each[0] <= line.last]
    stride = max(1, -(-len(points) // MOST_POINTS))
    kept = points[(len(points) - 1) % stride if points else 0 :: stride]
    broken = [each for each in points if not math.isfinite(each[1])][:MOST_POINTS]
    return [
        {"step": step, "value": value if math.isfinite(value) else None, "line": line.name}
        for step, value in sorted({*kept, *broken} if broken else kept, key=lambda each: each[0])
    ]
