"""Theory, ELBO: Jensen's inequality, and the identity with KL(q || p(z|x)), exact in one free dimension."""

from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.draw import charts
from pages.draw.palette import BOUND, KL_Z, REFERENCE
from pages.kit import services
from pages.theory.page import Subject, theory_page
from training.theory.measured import Numbers

if TYPE_CHECKING:
    from training.theory.evidence import Curves

CURVES = {"q": ("q(z|x)", KL_Z.color), "posterior": ("p(z|x)", BOUND.color), "prior": ("p(z)", REFERENCE.color)}


@st.cache_data(max_entries=64, show_spinner="Summing over the grid", hash_funcs=services.BY_WEIGHTS)
def computed(shipped: str, source: Any, data: str, position: int) -> "tuple[Numbers, int, Curves]":
    """Numbers of the lines, the free dimension, and the densities over it."""
    from training.theory.evidence import evidence_numbers, posterior_curves

    image = Subject(shipped, source, data, position).image
    return (evidence_numbers(source.model, image), *posterior_curves(source.model, image))


def numbers(subject: Subject) -> Numbers:
    """Of the lines."""
    return computed(*subject)[0]


def densities(subject: Subject, numbers: Numbers) -> None:
    """q(z|x), the true posterior and the prior over the free dimension."""
    _, dimension, curves = computed(*subject)
    rows = [{"z": row["z"], "density": row[name], "of": title} for name, (title, _) in CURVES.items() for row in curves]
    titles = [title for title, _ in CURVES.values()]
    of = {
        "field": "of",
        "type": "nominal",
        "scale": {"domain": titles, "range": [color for _, color in CURVES.values()]},
        "legend": {"orient": "top", "title": None, "symbolType": "stroke", "symbolStrokeWidth": 3},
    }
    dashes = {
        "field": "of",
        "type": "nominal",
        "legend": None,
        "scale": {"domain": titles, "range": [[1, 0], [6, 3], [2, 2]]},
    }
    spec = {
        "height": 280,
        "mark": {"type": "line", "strokeWidth": 2.5},
        "encoding": {
            "x": {
                "field": "z",
                "type": "quantitative",
                "title": f"z{dimension}, the free dimension",
                "scale": {"zero": False, "nice": False},
                "axis": {"tickCount": 8, "grid": False},
            },
            "y": {"field": "density", "type": "quantitative", "title": "density", "axis": {"tickCount": 4}},
            "color": of,
            "strokeDash": dashes,
        },
    }
    gap = numbers["kl_posterior"].value
    with st.container(key="chart-densities"):
        charts.vega(
            rows,
            spec,
            key="densities",
            alt=f"Densities over the free dimension z{dimension}: q(z|x), the true posterior p(z|x) and the prior. "
            f"The KL of q(z|x) from p(z|x) is {gap:.4f} nats",
        )


theory_page(__file__, numbers, densities)
