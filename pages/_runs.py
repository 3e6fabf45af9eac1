"""Runs: every training of this server and every shipped model in one table; the chosen ones beside each other."""

import streamlit as st

from pages.draw.palette import marked
from pages.kit import frame
from pages.kit.address import page_key
from pages.kit.guard import section
from pages.kit.tables import table
from pages.kit.texts import page_text
from pages.kit.ticking import ticking
from pages.lab.chosen_curves import chosen_curves
from pages.lab.export import export
from pages.lab.housekeeping import bin_panel, deleting, notes_form
from pages.lab.lines import Line, lines_of
from pages.lab.run_rows import settings_rows
from pages.lab.run_table import choose_runs, run_table
from pages.lab.scrubber import scrubber
from pages.people.workspace_panel import workspace_panel
from pages.takeaway.bundle_upload import open_a_run
from training.lab.run_summaries import RunSummary, run_summaries, shipped_summaries

LOOK_SECONDS = 5.0  # from one look at trainings under way to the next


def every_training() -> list[RunSummary]:
    return [*run_summaries(), *shipped_summaries()]


def watch(known: list[tuple[str, str, int]]) -> None:
    """Draw the page anew once a training under way has gone on, or another one is there."""
    if progress(run_summaries()) != known:
        st.rerun()


def progress(runs: list[RunSummary]) -> list[tuple[str, str, int]]:
    return [(run.id, run.state, run.step) for run in runs if run.origin == "run"]


def settings(lines: list[Line]) -> None:
    """The settings of the chosen runs side by side, first and in bold those in which they differ."""
    runs = [run for line in lines for run in line.runs]
    differ, shared = settings_rows(runs)
    head = ["", *(marked(line.color, frame.plain(run.label)) for line in lines for run in line.runs)]
    rows = [[f"**{name}**", *(f"**{value}**" for value in values)] for name, values in differ]
    table(head, [*rows, *([name, *values] for name, values in shared)])


@st.fragment
@section("scrubber")
def step_by_step(lines: list[Line]) -> None:
    """What runs again when the scrubber comes to rest, and nothing else of the page."""
    export([run for line in lines for run in line.runs], scrubber(lines))


frame.mend_link("pages/_runs.py")
frame.header("Runs", "Which settings make a model better, and from which step on?")
with section("opening"):
    if came := open_a_run():
        st.session_state[page_key("chosen")] = [f"run {came}"]
runs = every_training()
if not any(run.origin == "run" for run in runs):
    st.info(
        "No training of your own yet: the models that ship with the app stand here. Start one on the page Train.",
        icon=":material/model_training:",
    )
    st.page_link("pages/train.py", label="Train a model", icon=":material/model_training:")
place = st.container()
chosen = choose_runs(runs)
for run in chosen:
    if run.state == "failed" and run.message:
        st.caption(f"{frame.plain(run.label)} failed: {frame.plain(run.message)}")
with place, section("table"):
    run_table(runs)
with section("bin"):
    deleting(chosen)
    bin_panel()
if chosen:
    together = st.toggle(
        "Seeds together",
        True,
        key=page_key("together"),
        bind="query-params",
        help="Runs that differ in their seed alone are one line: their mean, in a band from the lowest to the highest.",
    )
    lines = lines_of(chosen, seeds_together=together)
    st.header("How they learned", anchor=False)
    with section("curves"):
        chosen_curves(lines)
    st.header("Step by step", anchor=False)
    step_by_step(lines)
    st.header("Their settings", anchor=False)
    with section("settings"):
        settings(lines)
    st.header("Name and note", anchor=False)
    with section("notes"):
        notes_form(chosen)
frame.share()
workspace_panel()
st.space("small")
frame.notes(page_text(__file__))
if any(run.active for run in runs):
    ticking(lambda: watch(progress(runs)), key="watch", seconds=LOOK_SECONDS)
