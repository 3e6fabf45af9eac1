"""A run's state and what can be done with it: stop, resume, sample, download."""

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from pages.kit import frame, services
from pages.kit.address import link
from pages.kit.ticking import TICK_SECONDS, duration, ticking
from pages.people.share_panel import share_panel
from pages.runs.fork_form import fork_form
from pages.runs.live_controls import live_controls
from pages.runs.run_curves import CHANGED
from pages.takeaway.taking_along import taking_along
from training.checkpoints.model_ref import model_ref
from training.checkpoints.roles import Role, playing
from training.data.registry import data_set
from training.lab.queue import active_runs, turns, workers
from training.people.rights import may
from training.people.viewer import viewer
from training.runs.run_folder import UPLOADED
from training.system.errors import UserError
from training.system.files import plain_file

if TYPE_CHECKING:
    from models.family import Family
    from training.lab.queue import Active
    from training.runs.config import TrainConfig
    from training.runs.run_folder import Run, Status

__all__ = ["own_settings", "run_controls", "tick_seconds"]

SHORTEST_TICK = 0.2

ROLES: tuple[tuple[Role, str, str, str], ...] = (
    ("Mixture", "mixture", "The components of its prior", ":material/bubble_chart:"),
    ("Classifier", "labels", "What its labels teach", ":material/label:"),
    ("Conditional", "style", "Its styles", ":material/style:"),
)


def run_controls(run_id: str) -> None:
    """The state of a run and what can be done with it."""
    from training.runs.run_folder import Run, read_changes

    try:
        run = Run.named(run_id)
    except UserError as error:
        frame.failure(error)
        return
    status = run.status()
    ticking(partial(status_panel, run), key="status", seconds=tick_seconds(status))
    config = run.config
    warmed = f", KL weight rising over the first {config.warmup:,}" if config.warmup else ""
    cooled = f" falling to 0 over the last {config.cooldown:.0%}" if config.cooldown else ""
    st.caption(
        f"**{config.family_entry.title}**: {own_settings(config, with_recipe=False)}."
        if status.message == UPLOADED
        else f"**{config.preset}**: {own_settings(config)}. {config.steps:,} steps of {config.batch_size} images, "
        f"learning rate {config.learning_rate:g}{cooled}{warmed}, seed {config.seed}, "
        f"on {data_set(config.data).summary}; products in {config.precision}."
    )
    if changed := "; ".join(
        f"{CHANGED[row['setting']]} {row['value']:g} after step {row['step']:,}" for row in read_changes(run.path)
    ):
        st.caption(f"**Changed while it trained:** {changed}.")
    share_panel(run.path)
    if status.active:
        return
    if status.state != "finished" and may(viewer(), "change", run.path):
        st.button(
            "Resume",
            icon=":material/resume:",
            on_click=resume,
            args=[run_id],
            key="resume",
            width="stretch",
            help="From its last kept state, at most some seconds of training before it ended.",
        )
    if run.checkpoint_file.is_file() and status.message != UPLOADED and may(viewer(), "fork", run.path):
        with st.popover("Train another from it", icon=":material/call_split:", width="stretch"):
            fork_form(run)
    if may(viewer(), "fork", run.path):
        taking_along(run)
    with st.container():
        for page, label, icon, name in pages_of(config.family_entry):
            st.page_link(
                f"pages/{page}.py",
                label=label,
                icon=icon,
                query_params=link(page, **{name: model_ref("run", run_id).title}),
            )
        st.page_link(
            "pages/_runs.py",
            label="Its curves beside others'",
            icon=":material/table_rows:",
            query_params=link("runs", chosen=model_ref("run", run_id).title),
        )
        if run.checkpoint_file.is_file():
            st.download_button(
                "Download weights",
                partial(plain_file, run.path, run.checkpoint_file.name),
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
    """How far it is and what can be asked of it while it is under way; afterwards, how it ended."""
    status = run.status()
    done = f"step {status.step:,} of {status.steps:,}"
    if status.active:
        st.progress(status.step / max(status.steps, 1), text=_under_way(run, status, done))
        if may(viewer(), "change", run.path):
            live_controls(run, status)
        st.session_state["was-active"] = run.id
        if st.session_state.setdefault("pace-seen", tick_seconds(status)) != tick_seconds(status):
            st.session_state["pace-seen"] = tick_seconds(status)
            st.rerun()  # once, so that the page ticks as often as the training steps
        return
    messages = {
        "finished": (
            st.success,
            UPLOADED
            if status.message == UPLOADED
            else f"Finished: {done} in {duration(status.seconds)}. {frame.plain(status.message)}",
            ":material/check_circle:",
        ),
        "stopped": (st.info, f"Stopped at {done}. Nothing is lost.", ":material/pause_circle:"),
        "failed": (st.error, frame.plain(status.message), ":material/error:"),
        "interrupted": (
            st.warning,
            f"Interrupted after {done}: its process or its machine stopped. Its last checkpoint is kept.",
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


def _under_way(run: "Run", status: "Status", done: str) -> str:
    if run.stopping:
        return "Stopping"
    if status.state == "paused":
        return f"Paused, {done}"
    if status.state == "running":
        speed = status.steps_per_second
        left = f" · {speed:.0f} steps/s · {duration((status.steps - status.step) / speed)} left" if speed else ""
        return f"Slow motion, {done}" if status.pace else f"Training, {done}{left}"
    found = turns(active_runs(run.path.parent), workers(), _seconds_left).get(run.id)
    if found is None or (not found.ahead and found.seconds == 0):
        return "Starting: loading PyTorch and the data"
    start = "" if found.seconds is None else f", it starts in about {duration(found.seconds)}"
    return f"Waiting for its turn, {found.ahead} before it{start}"


def _seconds_left(active: "Active") -> float | None:
    """How long a run will still train, as far as that is known: by its own speed, or by a run like it."""
    from training.runs.run_folder import Run

    status = active.status
    speed = status.steps_per_second
    if not speed:
        try:
            config = Run(active.path).config
        except UserError:
            return None
        speed = services.known_speed(config.preset, config.batch_size) or 0.0
    return (status.steps - status.step) / speed if speed else None


def tick_seconds(status: "Status") -> float | None:
    """How often a run is looked at: in slow motion as often as it steps."""
    if not status.active:
        return None
    return max(SHORTEST_TICK, min(TICK_SECONDS, 1 / status.pace)) if status.pace else TICK_SECONDS
