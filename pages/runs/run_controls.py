"""A run's state and what can be done with it: stop, resume, sample, download."""

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from pages.kit import frame, services
from pages.kit.address import link
from pages.kit.ticking import TICK_SECONDS, duration, ticking
from training.checkpoints.model_ref import model_ref
from training.checkpoints.roles import Role, playing
from training.data.registry import data_set
from training.runs.run_folder import UPLOADED
from training.runs.run_index import active_run
from training.system.errors import UserError

if TYPE_CHECKING:
    from models.family import Family
    from training.runs.config import TrainConfig
    from training.runs.run_folder import Run

__all__ = ["own_settings", "run_controls"]

ROLES: tuple[tuple[Role, str, str, str], ...] = (
    ("Mixture", "mixture", "The components of its prior", ":material/bubble_chart:"),
    ("Classifier", "labels", "What its labels teach", ":material/label:"),
    ("Conditional", "style", "Its styles", ":material/style:"),
)


def run_controls(run_id: str) -> None:
    """The state of a run and what can be done with it."""
    from training.runs.run_folder import Run

    try:
        run = Run.named(run_id)
    except UserError as error:
        frame.failure(error)
        return
    status = run.status()
    ticking(partial(status_panel, run), key="status", seconds=TICK_SECONDS if status.active else None)
    config = run.config
    cooled = f" falling to 0 over the last {config.cooldown:.0%}" if config.cooldown else ""
    st.caption(
        f"**{config.family_entry.title}**: {own_settings(config, with_recipe=False)}."
        if status.message == UPLOADED
        else f"**{config.preset}**: {own_settings(config)}. {config.steps:,} steps of {config.batch_size} images, "
        f"learning rate {config.learning_rate:g}{cooled}, seed {config.seed}, on {data_set(config.data).summary}; "
        f"products in {config.precision}."
    )
    if status.active:
        return
    if status.state != "finished":
        st.button(
            "Resume",
            icon=":material/resume:",
            on_click=resume,
            args=[run_id],
            key="resume",
            width="stretch",
            disabled=active_run() is not None,
        )
    with st.container():
        for page, label, icon, name in pages_of(config.family_entry):
            st.page_link(
                f"pages/{page}.py",
                label=label,
                icon=icon,
                query_params=link(page, **{name: model_ref("run", run_id).title}),
            )
        if run.checkpoint_file.is_file():
            st.download_button(
                "Download weights",
                run.checkpoint_file.read_bytes,
                f"{run_id}.safetensors",
                icon=":material/download:",
                on_click="ignore",
                width="stretch",
                help="A .safetensors file with the homework's parameter names.",
            )


def pages_of(family: "Family") -> list[tuple[str, str, str, str]]:
    """Every page that can show a model of a family: name, what the link says, icon, name of its picker."""
    pages = [("samples", "Sample from it", ":material/grid_view:", "checkpoint")]
    for role, page, label, icon in ROLES:
        if family.name in playing(role):
            pages.append((page, label, icon, "checkpoint"))
    if family.images == "binary":
        pages.append(("bounds", "Its bounds on log p(x)", ":material/stairs:", "models"))
    return [*pages, ("clinic", "Compare it with others", ":material/biotech:", "models")]


def own_settings(config: "TrainConfig", *, with_recipe: bool = True) -> str:
    """A run's own settings of its model by their titles: first, in bold, what differs from the recipe, if asked."""
    from models.registry import PRESETS

    recipe = PRESETS[config.preset].model.model_dump() if with_recipe and config.preset in PRESETS else {}
    fields = {name: field.title for name, field in type(config.model).model_fields.items() if field.title}
    settings = {name: value for name, value in config.model.model_dump().items() if name in fields}
    changed = [name for name, value in settings.items() if recipe.get(name, value) != value]
    rest = [name for name in settings if name not in changed]
    said = [f"**{fields[name]} {settings[name]:g}** (recipe: {recipe[name]:g})" for name in changed]
    return "; ".join([*said, *(f"{fields[name]} {settings[name]:g}" for name in rest)])


def resume(run_id: str) -> None:
    """Resume a run from its last kept state."""
    from training.runs.run_folder import Run

    try:
        services.launcher().resume(Run.named(run_id))
        st.session_state["start-error"] = ""
    except UserError as error:
        st.session_state["start-error"] = str(error)


def status_panel(run: "Run") -> None:
    """Progress, speed and time left; Stop."""
    status = run.status()
    done = f"step {status.step:,} of {status.steps:,}"
    if status.active:
        speed = status.steps_per_second
        left = f" · {speed:.0f} steps/s · {duration((status.steps - status.step) / speed)} left" if speed else ""
        waiting = "Starting: loading PyTorch and the data" if status.state == "queued" else f"Training, {done}{left}"
        st.progress(status.step / status.steps, text="Stopping" if run.stopping else waiting)
        st.button(
            "Stop",
            icon=":material/stop:",
            on_click=run.request_stop,
            key="stop",
            width="stretch",
            disabled=run.stopping,
            help="Ends after the current step and keeps everything; you can resume later.",
        )
        st.session_state["was-active"] = run.id
        return
    messages = {
        "finished": (
            st.success,
            UPLOADED if status.message == UPLOADED else f"Finished: {done} in {duration(status.seconds)}.",
            ":material/check_circle:",
        ),
        "stopped": (st.info, f"Stopped at {done}. Nothing is lost.", ":material/pause_circle:"),
        "failed": (st.error, status.message, ":material/error:"),
        "interrupted": (
            st.warning,
            f"Interrupted after {done}: the server or the machine stopped. Its last checkpoint is kept.",
            ":material/power_off:",
        ),
    }
    show, text, icon = messages[status.state]
    show(text, icon=icon)
    held_out = run.metrics("held-out").terms.get("nelbo", [])
    if len(held_out) > 1 and held_out[-1] > held_out[0]:
        st.warning(
            "Its held-out NELBO is higher than before training: try a lower learning rate.",
            icon=":material/trending_up:",
        )
    if st.session_state.pop("was-active", None) == run.id:
        st.rerun()  # once, so that the page stops ticking and offers what comes next
