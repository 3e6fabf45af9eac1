"""One step for all chosen runs: their pictures, numbers, latent spaces and places on the curve move together.

All of it happens in the browser: a step of the scrubber runs nothing on the server.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from pages.draw.palette import DIGITS
from pages.kit.address import page_key
from pages.kit.terms import in_order, term
from pages.lab.films import Film, film_of, thinned
from pages.lab.lines import Line
from training.lab.latent_file import latent_of
from training.lab.run_summaries import RunSummary, metrics_of

__all__ = ["scrubber"]

SHOWN = {
    "grids": "Samples",
    "reconstructions": "Reconstructions",
    "kl": "KL of each dimension",
    "means": "Map of codes",
}
MOST_STEPS = 10_000_000  # of a training
MOST_POINTS = 400  # of a curve
TILES = 4  # numbers below each run's name
_HERE = Path(__file__).parent

_scrubber = st.components.v2.component(
    "scrubber",
    html=(_HERE / "scrubber.html").read_text(encoding="utf-8"),
    css=(_HERE / "scrubber.css").read_text(encoding="utf-8"),
    js=(_HERE / "scrubber.js").read_text(encoding="utf-8"),
)


def scrubber(lines: Sequence[Line]) -> list[str]:
    """The scrubber and a panel for each run; what has nothing to show is not offered. What is shown, by `SHOWN`."""
    runs = [(line, run, film_of(run), latent_of(run.path)) for line in lines for run in line.runs]
    there = {kind for _, _, film, _ in runs for kind, places in film.places.items() if places}
    there |= {"kl", "means"} if any(latent is not None for *_, latent in runs) else set()
    shown = st.pills(
        "Shown of each run",
        [kind for kind in SHOWN if kind in there],
        default=[kind for kind in SHOWN if kind in there],
        selection_mode="multi",
        format_func=SHOWN.__getitem__,
        key=page_key("shown"),
        bind="query-params",
    )
    panels = [_panel(line, run, film, latent) for line, run, film, latent in runs]
    steps = sorted({step for panel in panels for step in _steps(panel)})
    if not steps:
        st.caption("These runs have kept no pictures and measured nothing yet.")
        return []
    step = st.number_input(
        "Step",
        0,
        MOST_STEPS,
        None,
        100,
        key=page_key("step"),
        bind="query-params",
        placeholder="The last",
        width=170,
        help="Where the scrubber rests: of each run the newest pictures up to this step. Empty: the last of all.",
    )
    _scrubber(
        data={"runs": panels, "steps": steps, "step": step, "shown": shown, "colors": list(DIGITS)},
        key="scrubber",
        on_step_change=_take_step,
    )
    return list(shown)


def _take_step() -> None:
    """The field follows the scrubber; what a browser sends is checked like any link."""
    step = st.session_state["scrubber"].get("step")
    if step is None or (isinstance(step, int) and 0 <= step <= MOST_STEPS):
        st.session_state[page_key("step")] = step


def _panel(line: Line, run: RunSummary, film: Film, latent: Any) -> dict[str, Any]:
    table = metrics_of(run.path, "held-out")
    points = thinned(range(len(table.steps)), MOST_POINTS)
    names = [name for name in in_order(table.terms) if len(table.terms[name]) == len(table.steps)][:TILES]
    return {
        "title": run.label,
        "active": run.active,
        "color": line.color,
        "symbol": line.symbol,
        "dashes": list(line.dashes),
        "scale": line.scale,
        "film": film.address(run.title) if any(film.places.values()) else "",
        "places": film.places,
        "latent": latent,
        "measured": [table.steps[point] for point in points],
        "terms": [
            {
                "name": name,
                "label": term(name).short or term(name).label,
                "percent": term(name).unit == "%",
                "values": [_json(table.terms[name][point]) for point in points],
            }
            for name in names
        ],
    }


def _steps(panel: dict[str, Any]) -> list[int]:
    """Where something of a run changes that is worth a stop: its pictures; its measurements where it has none."""
    pictures = [place[0] for places in panel["places"].values() for place in places]
    return pictures if len(pictures) > 1 else [*pictures, *panel["measured"]]


def _json(value: float) -> float | None:
    return round(value, 4) if math.isfinite(value) else None
