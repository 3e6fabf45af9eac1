"""Train: start a model in the background, watch it learn, stop it, resume it."""

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from pages.kit import formulas, frame
from pages.kit.address import RUN_ELSEWHERE, link, page_key
from pages.kit.guard import section
from pages.kit.texts import page_text
from pages.kit.ticking import ticking
from pages.measure.measuring import is_bound, measuring
from pages.runs.run_controls import run_controls, tick_seconds
from pages.runs.run_view import reference_figures, run_figures
from pages.runs.training_form import training_form
from training.checkpoints.model_ref import model_ref, run_called
from training.data.registry import DATA_SETS, best_data_set, data_set, whole
from training.lab.run_index import active_run, run_ids
from training.people.rights import find_run
from training.runs.run_folder import UPLOADED, read_changes, read_status
from training.system.errors import UserError
from training.system.folders import pretrained_names

if TYPE_CHECKING:
    from models.family import Family, ModelConfig
    from training.data.data_set import DataSet

NEW = "new training"
LONGEST_NAME = 60


def run_label(run_id: str) -> str:
    """What tells a run apart from others: its id, which begins with its recipe, and its name or its own settings."""
    return model_ref("run", run_id).label.removeprefix("run ")


def watch(run_id: str) -> None:
    st.session_state[page_key("run")] = run_id


def pick_run() -> str:
    """The run on this page, named in its address; without any, a fresh tab finds the training that is under way."""
    active = active_run()
    state = st.session_state
    if active is not None and page_key("run") not in state and not st.query_params:
        st.switch_page("pages/train.py", query_params=link("train", run=active))
    runs = {NEW: NEW, **{run_id: run_label(run_id) for run_id in run_ids()}}
    if page_key("run") not in state:
        asked = st.query_params.get(page_key("run"), NEW)
        state["absent-run"] = "" if asked in runs.values() else asked
    chosen: str = st.selectbox(
        "Run",
        list(runs),
        format_func=lambda run_id: runs.get(run_id, run_id),
        key=page_key("run"),
        bind="query-params",
        help="A new training, or any run that you may see.",
        on_change=lambda: state.pop("absent-run", None),
    )
    if absent := state.get("absent-run"):
        st.caption(
            f"The link asks for the run **{frame.plain(absent[:LONGEST_NAME])}**, which is not here: {RUN_ELSEWHERE}."
        )
    if error := state.get("start-error"):
        st.error(frame.plain(error), icon=":material/error:")
    if active is not None and chosen == NEW:
        st.caption(
            f"**{frame.plain(run_label(active))}** is training now. A new one trains beside it, or waits for its turn."
        )
        st.button("Watch it", on_click=watch, args=[active], key="watch", width="stretch")
    return chosen


def preview() -> None:
    """Before a training: what it will look like, shown on a shipped model's own, the chosen one if it ships."""
    chosen, shipped = st.session_state.get(page_key("preset"), ""), pretrained_names()
    preset = chosen if chosen in shipped else next(iter(shipped), "")
    st.caption(f"This is how the shipped {preset} learned. Start your own with the form.")
    reference_figures(preset)


def run_view(run_id: str) -> bool:
    """The run's figures, once a second while it trains; whether there is a run to measure, one that has ended."""
    from training.runs.run_folder import Run

    try:
        run = Run.named(run_id)
    except UserError:
        st.caption("Choose a run from the list, or start a new one.")
        return False
    status = run.status()
    ticking(partial(run_figures, run), key="figures", seconds=tick_seconds(status))
    return not status.active


def was_uploaded(chosen: str) -> bool:
    """Whether the run holds weights that were trained elsewhere, by a loss that nobody here knows."""
    path = find_run(chosen)
    status = None if path is None else read_status(path)
    return status is not None and status.message == UPLOADED


def changed_kl_weight(chosen: str) -> tuple[int, float] | None:
    """After which step, and to what, a run's KL weight was last changed while it trained; None if it never was."""
    run = find_run(chosen)
    changes = [] if run is None else [row for row in read_changes(run) if row["setting"] == "kl_weight"]
    return (changes[-1]["step"], float(changes[-1]["value"])) if changes else None


def shown_model(chosen: str) -> "tuple[Family, ModelConfig, DataSet]":
    """The family that the formulas are of, the config that holds the loss's weights, the data that it learns from."""
    from models.registry import FAMILIES, PRESETS, family_of
    from training.runs.run_folder import Run

    try:
        if chosen != NEW:
            config = Run.named(chosen).config
            return config.family_entry, config.model, data_set(config.data)
        preset = st.session_state[page_key("preset")]
        family, kind = family_of(preset), family_of(preset).images
        chosen_data = st.session_state.get(page_key(f"data-{kind}"), best_data_set(kind).name)
        return family, PRESETS[preset].model, data_set(chosen_data)
    except UserError:
        first = next(iter(FAMILIES.values()))
        return first, first.default_preset.model, best_data_set(first.images)


def data_shown() -> "DataSet | None":
    """The data set of the run that is shown, or of the recipe in the form."""
    run, preset = (st.session_state.get(key, st.query_params.get(key, "")) for key in map(page_key, ("run", "preset")))
    ref = run_called(f"run {run}")
    if ref is None and preset in pretrained_names():
        ref = model_ref("shipped", preset)
    return whole(ref.data) if ref is not None and ref.data in DATA_SETS else None


frame.mend_link("pages/train.py", ["run"], **{"measure-bounds": is_bound})
frame.header("Train", "How does a model learn to draw, from noise to clear images?", data=data_shown())
picture, controls = st.columns([2.4, 1], gap="large")

if st.session_state.pop("started", False):
    frame.to_the_top()
say_time = None
with controls:
    chosen = pick_run()
    with section("form"):
        if chosen == NEW:
            say_time = training_form()
        else:
            run_controls(chosen)
ended = False
with picture, section("run"):
    if chosen == NEW:
        preview()
    else:
        ended = run_view(chosen)
if ended:
    st.header("Its numbers", anchor=False)
    with section("numbers"):
        measuring(model_ref("run", chosen))

family, config, data = shown_model(chosen)
with section("formulas"):
    formulas.nelbo_formula(family)
    if not was_uploaded(chosen):
        formulas.loss_formula(family, config, changed=changed_kl_weight(chosen))
st.space("small")
frame.notes(page_text(__file__, f"train-{family.images}", labels_alone=config.learns_from_labels_alone, **data.words))
if say_time is not None:
    with section("time"):
        say_time()
