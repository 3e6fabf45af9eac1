"""Theory, gradients: the score function against reparameterisation, with running means of the same draws."""

from typing import Any

import streamlit as st

from pages.choose.seed import pick_seed
from pages.draw import charts
from pages.draw.palette import BOUND, KL_Y, KL_Z
from pages.kit import services
from pages.theory.page import Subject, theory_page
from training.system.number_format import signed
from training.theory.measured import Numbers

ESTIMATORS = {"score function": KL_Y.color, "with baseline": KL_Z.color, "reparameterised": BOUND.color}
FIRST = 5  # draws before a running mean is shown


@st.cache_data(max_entries=64, show_spinner="Summing over the grid", hash_funcs=services.BY_WEIGHTS)
def computed(shipped: str, source: Any, data: str, position: int) -> Numbers:
    """Numbers of the lines."""
    from training.theory.gradients import gradient_numbers

    return gradient_numbers(source.model, Subject(shipped, source, data, position).image)


@st.cache_data(max_entries=64, show_spinner=False, hash_funcs=services.BY_WEIGHTS)
def running_means(shipped: str, source: Any, data: str, position: int, seed: int) -> list[dict[str, Any]]:
    """The mean of the first n gradients of each estimator, at numbers n that grow evenly on a logarithmic axis."""
    from training.theory.gradients import draw_gradients

    drawn = draw_gradients(source.model, Subject(shipped, source, data, position).image, seed=seed)
    places = sorted({round(FIRST * (len(drawn.score) / FIRST) ** (step / 60)) for step in range(61)})
    return [
        {"n": n, "mean": float(gradients[:n].mean()), "of": name}
        for name, gradients in zip(ESTIMATORS, drawn, strict=True)
        for n in places
    ]


def numbers(subject: Subject) -> Numbers:
    """Of the lines."""
    return computed(*subject)


def gradients(subject: Subject, numbers: Numbers) -> None:
    """Running means of each estimator, and the exact gradient."""
    seed = pick_seed("Of the draws of z.")
    rows = running_means(*subject, seed)
    exact = numbers["difference"].value
    scale = {"domain": list(ESTIMATORS), "range": list(ESTIMATORS.values())}
    across = {
        "field": "n",
        "type": "quantitative",
        "scale": {"type": "log", "nice": False},
        "title": "draws of z",
        "axis": {"grid": False, "tickCount": 4, "format": ",d"},
    }
    line = {
        "mark": {"type": "line", "strokeWidth": 2.5},
        "encoding": {
            "x": across,
            "y": {"field": "mean", "type": "quantitative", "title": "mean gradient, nats"},
            "color": {
                "field": "of",
                "type": "nominal",
                "scale": scale,
                "legend": {"orient": "top", "title": None, "symbolType": "stroke", "symbolStrokeWidth": 3},
            },
            "strokeDash": {
                "field": "of",
                "type": "nominal",
                "legend": None,
                "scale": {"domain": list(ESTIMATORS), "range": [[2, 2], [6, 3], [1, 0]]},
            },
        },
    }
    truth = {
        "mark": {"type": "rule", "color": "#7c8494"},
        "encoding": {"y": {"datum": exact, "type": "quantitative"}},
    }
    last = ", ".join(
        f"{name} {signed(rows[(place + 1) * len(rows) // 3 - 1]['mean'])}" for place, name in enumerate(ESTIMATORS)
    )
    with st.container(key="chart-gradients"):
        charts.vega(
            rows,
            {"height": 280, "layer": [truth, line]},
            key="gradients",
            alt=f"Running means of gradients towards the exact {signed(exact)} nats. After 1,000 draws: {last}",
        )
    st.caption("The grey line is the exact gradient. All three read the same draws of z.")


theory_page(__file__, numbers, gradients)
