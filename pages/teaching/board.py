"""Board: the published runs of a class on one page: the plane, the table, the best NELBO for each budget of steps."""

import math

import streamlit as st

from pages.draw.charts import vega
from pages.draw.palette import KL_Z, RECONSTRUCTION
from pages.kit import frame, glossary
from pages.kit.address import page_key
from pages.kit.guard import plain, section
from pages.kit.tables import table
from pages.kit.texts import page_text
from training.lab.run_summaries import RunSummary, metrics_of, run_summaries
from training.people.sharing import share_of

BUDGETS = (1_000, 2_000, 5_000, 10_000, 20_000, 50_000)
MOST_ROWS, MOST_COMPARED = 60, 6


def published() -> list[RunSummary]:
    """Runs that everybody here may see, measured at least once, the smallest NELBO first."""
    runs = [run for run in run_summaries() if share_of(run.path).published]
    measured = [
        run for run in runs if all(math.isfinite(run.terms.get(name, math.nan)) for name in ("nelbo", "kl", "rec"))
    ]
    return sorted(measured, key=lambda run: run.terms["nelbo"])


def plane(runs: list[RunSummary]) -> None:
    """KL against reconstruction; each run is a dot with its name beside it."""
    rows = [{"run": run.label, "model": run.recipe, "KL": run.terms["kl"], "rec": run.terms["rec"]} for run in runs]
    axis = {"type": "quantitative", "scale": {"zero": False, "padding": 30}}
    x = {**axis, "field": "KL", "title": "rate: KL, nats per image", "axis": {"titleColor": KL_Z.color, "grid": False}}
    title = {"titleColor": RECONSTRUCTION.color, "grid": False}
    y = {**axis, "field": "rec", "title": "distortion: reconstruction, nats per image", "axis": title}
    marks = [
        {
            "mark": {"type": "point", "filled": True, "size": 90, "opacity": 0.85},
            "encoding": {
                "color": {"field": "model", "type": "nominal", "legend": {"orient": "top", "title": None}},
                "shape": {"field": "model", "type": "nominal"},
            },
        },
        {"mark": {"type": "text", "align": "left", "dx": 8, "limit": 160}, "encoding": {"text": {"field": "run"}}},
    ]
    best = runs[0]
    alt = (
        f"{len(runs)} runs on the rate-distortion plane. The smallest NELBO is that of {best.label}: "
        f"{best.terms['nelbo']:.2f} nats, of which the KL is {best.terms['kl']:.2f}."
    )
    vega(rows, {"layer": marks, "encoding": {"x": x, "y": y}, "height": 420}, key="board-plane", alt=alt)


def best_by(runs: list[RunSummary], budget: int) -> tuple[float, RunSummary] | None:
    """The smallest held-out NELBO that any of the runs had reached after so many steps, and whose it is."""
    found = []
    for run in runs:
        measured = metrics_of(run.path, "held-out")
        values = [
            value
            for step, value in zip(measured.steps, measured.terms.get("nelbo", []), strict=False)
            if 0 < step <= budget and math.isfinite(value)
        ]
        if values:
            found.append((min(values), run))
    return min(found, key=lambda each: each[0], default=None)


def budgets(runs: list[RunSummary]) -> None:
    st.header("The best for each budget", anchor=False)
    rows = []
    for budget in BUDGETS:
        if (best := best_by(runs, budget)) is not None:
            rows.append([f"{budget:,}", plain(best[1].label), best[1].recipe, f"{best[0]:.2f}"])
    table(["Steps, at most", "Run", "Model", "NELBO"], rows, words=3)
    glossary.caption("The smallest NELBO on held-out images that any of these runs had reached by then, in nats.")


def every_run(runs: list[RunSummary]) -> None:
    st.header("Every run", anchor=False)
    rows = [
        [plain(run.label), run.recipe, f"{run.step:,}", *(f"{run.terms[name]:.2f}" for name in ("nelbo", "kl", "rec"))]
        for run in runs[:MOST_ROWS]
    ]
    table(["Run", "Model", "Steps", "NELBO", "KL", "Rec."], rows, words=2)
    st.page_link(
        "pages/bounds.py",
        label=f"The IWAE ladders of the first {min(len(runs), MOST_COMPARED)}",
        icon=":material/stairs:",
        query_params={"bounds-models": [f"run {run.label}" for run in runs[:MOST_COMPARED]]},
    )


frame.mend_link("pages/teaching/board.py")
frame.header("Board", "Who came how far, with how many steps?")
with section("board"):
    every = published()
    scales = list(dict.fromkeys(run.scale for run in every))
    if not every:
        st.info(
            "Nothing is published yet: start a run on Train, and publish it to the class there, under **Share**.",
            icon=":material/publish:",
        )
    else:
        chosen = scales[0]
        if len(scales) > 1:
            chosen = st.segmented_control(
                "Images",
                scales,
                default=scales[0],
                required=True,
                key=page_key("images"),
                bind="query-params",
                help="NELBOs are compared of the same images under the same likelihood alone.",
            )
        shown = [run for run in every if run.scale == chosen]
        drawn, numbers = st.columns([1.4, 1], gap="large")
        with drawn, section("plane"):
            plane(shown)
        with numbers:
            budgets(shown)
        every_run(shown)
st.space("small")
frame.notes(page_text(__file__))
