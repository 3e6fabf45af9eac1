"""Theory, log-sum-exp: the log-density of a mixture, and the slider at which its naive form underflows."""

import math
from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.draw import charts
from pages.draw.palette import BOUND, KL_Y
from pages.kit import glossary, services
from pages.kit.address import page_key
from pages.kit.tables import table
from pages.theory.numbers_drawing import with_power
from pages.theory.page import Subject, theory_page
from training.system.number_format import signed
from training.theory.measured import Numbers

if TYPE_CHECKING:
    from training.theory.mixture_density import Floats

FACTORS = [round(1 + place / 10, 1) for place in range(81)]  # 1 to 9 times as far out


@st.cache_data(max_entries=64, show_spinner=False, hash_funcs=services.BY_WEIGHTS)
def computed(shipped: str, source: Any, data: str, position: int) -> "tuple[Numbers, dict[float, Floats]]":
    """Numbers of the lines, and both forms of log p(z) at every place of the slider."""
    from training.theory.mixture_density import density_numbers, farther_out, in_floats

    image = Subject(shipped, source, data, position).image
    floats = {factor: in_floats(farther_out(source.model, image, factor)) for factor in FACTORS}
    return density_numbers(source.model, image), floats


def numbers(subject: Subject) -> Numbers:
    """Of the lines."""
    return computed(*subject)[0]


def underflow(subject: Subject, numbers: Numbers) -> None:
    """Both forms along a line away from the mixture, and their floats at one place of it."""
    floats = computed(*subject)[1]
    factor = st.select_slider(
        "How far out: the code times",
        FACTORS,
        value=4.0,
        format_func=lambda value: f"{value:g}",
        key=page_key("out"),
        bind="query-params",
        help="At 1 it is the mean of q(z|x).",
    )
    names = {"naive, float32": KL_Y.color, "naive, float64": "#7c8494", "log-sum-exp, float32": BOUND.color}
    rows = [
        {"factor": at, "value": value if math.isfinite(value) else None, "form": form}
        for at, found in floats.items()
        for form, value in zip(names, (found.naive32, found.naive64, found.stable32), strict=True)
    ]
    form = {
        "field": "form",
        "type": "nominal",
        "scale": {"domain": list(names), "range": list(names.values())},
        "legend": {"orient": "top", "title": None, "symbolType": "stroke", "symbolStrokeWidth": 3},
    }
    across = {
        "field": "factor",
        "type": "quantitative",
        "title": "the code, times",
        "scale": {"zero": False, "nice": False},
        "axis": {"grid": False, "tickCount": 9},
    }
    spec = {
        "height": 260,
        "layer": [
            {
                "mark": {"type": "line", "strokeWidth": 3},
                "encoding": {
                    "x": across,
                    "y": {"field": "value", "type": "quantitative", "title": "log p(z), nats"},
                    "color": form,
                    "strokeWidth": {
                        "field": "form",
                        "type": "nominal",
                        "legend": None,
                        "scale": {"domain": list(names), "range": [9, 5, 2]},
                    },
                },
            },
            {
                "mark": {"type": "rule", "strokeDash": [4, 3], "color": "#7c8494"},
                "encoding": {"x": {"datum": factor, "type": "quantitative"}},
            },
        ],
    }
    last = max(at for at, found in floats.items() if math.isfinite(found.naive32))
    with st.container(key="chart-underflow"):
        charts.vega(
            rows,
            spec,
            key="underflow",
            alt=f"log p(z) along a line away from the mixture: the naive form in float32 is minus infinity beyond "
            f"{last:g} times the code, log-sum-exp goes on to {signed(floats[FACTORS[-1]].stable32)} nats",
        )
    _floats(floats[factor])


def _floats(found: "Floats") -> None:
    """What the floats are at one place."""
    table(
        ["at this place", "naive, float32", "naive, float64", "log-sum-exp, float32"],
        [["log p(z), nats", *map(_nats, (found.naive32, found.naive64, found.stable32))]],
    )
    glossary.caption(
        f"In float32 the largest of the densities $e^{{a_c}}$ is {with_power(found.largest)} here, and {found.zeros} "
        "of them are exactly 0."
    )


def _nats(value: float) -> str:
    return "−∞" if value == -math.inf else signed(value, ",.4f")


theory_page(__file__, numbers, underflow)
