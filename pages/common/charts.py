"""Live curves, drawn in place.

The browser keeps a chart as long as its description stays the same, and only then no tick flickers: so a chart's
spec and its alternative text are constant while its data grow.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import streamlit as st

from pages.common.palette import Quantity

__all__ = ["Curve", "Look", "curves"]

MOST_POINTS = 600
HEIGHT = 320


class Look(NamedTuple):
    """How a line looks: its quantity's colour, its width in pixels, its strength, dashed or not."""

    quantity: Quantity
    width: float = 2.5
    opacity: float = 1.0
    dashed: bool = False


class Curve(NamedTuple):
    """One line: its name in the legend, and values in nats at optimiser steps."""

    name: str
    steps: list[int]
    values: list[float]


def curves(lines: list[Curve], *, looks: Mapping[str, Look], key: str, alt: str) -> None:
    """Draw lines over optimiser steps.

    Arguments:
        looks: the look of every line that can ever appear here; the same at every tick.
        key: names the chart's place.
        alt: the chart's message for who cannot see it; the same at every tick of a live chart.
    """
    rows = [row for line in lines for row in _rows(line)]
    with st.container(key=f"chart-{key}"):
        if rows:
            st.vega_lite_chart(rows, _spec(looks), key=key, alt=alt)
        else:
            st.skeleton(HEIGHT)


def _spec(looks: Mapping[str, Look]) -> dict[str, Any]:
    def by_line(choices: list[Any], **more: Any) -> dict[str, Any]:
        scale = {"domain": list(looks), "range": choices}
        return {"field": "line", "type": "nominal", "scale": scale | {"type": "ordinal"}, "legend": None, **more}

    legend = {"orient": "top", "title": None, "symbolStrokeWidth": 3, "columns": 2, "offset": 2}
    return {
        "height": HEIGHT,
        "mark": {"type": "line", "interpolate": "monotone", "strokeJoin": "round"},
        "encoding": {
            "x": {
                "field": "step",
                "type": "quantitative",
                "title": "step",
                "axis": {"format": ",d", "grid": False, "tickCount": 5},
            },
            "y": {
                "field": "nats",
                "type": "quantitative",
                "title": "nats per image",
                "scale": {"zero": False, "nice": True},
                "axis": {"format": "~s"},
            },
            "color": by_line([look.quantity.color for look in looks.values()], legend=legend),
            "strokeWidth": by_line([look.width for look in looks.values()]),
            "opacity": by_line([look.opacity for look in looks.values()]),
            "strokeDash": by_line([[5, 3] if look.dashed else [1, 0] for look in looks.values()]),
            "tooltip": [
                {"field": "line", "title": "line"},
                {"field": "step", "title": "step", "type": "quantitative", "format": ","},
                {"field": "nats", "title": "nats", "type": "quantitative", "format": ".2f"},
            ],
        },
    }


def _rows(line: Curve) -> list[dict[str, object]]:
    """The line's points, thinned evenly to a bounded number, the newest always among them."""
    stride = max(1, -(-len(line.steps) // MOST_POINTS))
    kept = slice((len(line.steps) - 1) % stride if line.steps else 0, None, stride)
    points = zip(line.steps[kept], line.values[kept], strict=True)
    return [{"step": step, "nats": nats, "line": line.name} for step, nats in points]
