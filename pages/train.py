"""Train: start a model in the background, watch it learn, stop it, go on with it."""

from functools import partial
from itertools import cycle
from typing import Any

import streamlit as st

from pages.common import formulas, frame, graphical_models, live, numbers, services
from pages.common.pickers import RUN
from training.errors import UserError
from training.folders import active_run, pretrained_names, run_ids, runs_folder
from training.mnist_files import DATASETS, best_dataset_name, mnist_on_disk

NEW = "new training"


TRAINING_FIELDS = {
    "steps": ("Steps", "One step: one batch, one move of every weight."),
    "batch_size": ("Batch size", "Images whose gradients are averaged for one step. The homework takes 100."),
    "learning_rate": (
        "Learning rate",
        "How far Adam moves each weight in a step. The homework takes 0.001; far above it the weights jump about and "
        "never settle.",
    ),
    "seed": ("Seed", "Decides the first weights, the order of the images and all noise: one seed, one run."),
}
MODEL_FIELDS = {
    "z": (
        "Latent size z",
        "How many numbers the code has. With 2 the reconstruction suffers; far beyond the homework's value most "
        "dimensions stay unused.",
    ),
    "beta": (
        "Price of KL, β",
        "1 is the VAE. Above 1 the code is dearer and the digits come out blurrier.",
    ),
    "k": ("Components k", "Gaussians in the prior. The homework takes 500; with 1 the prior is one learned Gaussian."),
    "gen_weight": ("Weight of the NELBO", "1 learns from all images; 0 is supervised only: 100 labelled digits."),
    "class_weight": ("Weight of labels", "How much the labelled digits' cross-entropy counts. The homework takes 100."),
}


def start(preset: str) -> None:
    """Start the training that the form describes; what is wrong with it is shown above the form."""
    from models.registry import PRESETS
    from training.config import TrainConfig

    state = st.session_state
    fields = type(PRESETS[preset].model).model_fields
    try:
        config = TrainConfig.from_preset(
            preset,
            model={name: state[f"{name}-{preset}"] for name in MODEL_FIELDS if name in fields},
            steps=state[f"steps-{preset}"],
            batch_size=state[f"batch_size-{preset}"],
            learning_rate=state[f"learning_rate-{preset}"],
            seed=state[f"seed-{preset}"],
            data=state.get("data", "mnist-sample"),
        )
        state["run"] = services.jobs().start_training(config).id
        state["start-error"] = ""
    except UserError as error:
        state["start-error"] = str(error)


def resume(run_id: str) -> None:
    """Go on with a run from its last kept state."""
    from training.runs import Run

    try:
        services.jobs().resume_training(Run.named(run_id))
        st.session_state["start-error"] = ""
    except UserError as error:
        st.session_state["start-error"] = str(error)


def watch(run_id: str) -> None:
    st.session_state["run"] = run_id


def pick_run() -> str:
    """The run on this page, named in its address; a fresh tab finds the training that is under way."""
    active = active_run()
    state = st.session_state
    if active is not None and "run" not in state and "run" not in st.query_params:
        st.switch_page("pages/train.py", query_params={"run": active})
    chosen: str = st.selectbox(
        "Run", [NEW, *run_ids()], key="run", bind="query-params", help="A new training, or any run kept on this server."
    )
    if error := state.get("start-error"):
        st.error(error, icon=":material/error:")
    if active is not None and chosen != active:
        st.info(f"{active} is training now. One training runs at a time.", icon=":material/hourglass_top:")
        st.button("Watch it", on_click=watch, args=[active], key="watch", width="stretch")
    return chosen


def training_form() -> None:
    """The hyper-parameters of the chosen model, at the homework's values."""
    from models.registry import PRESETS, family_of

    preset = st.selectbox("Model", list(PRESETS), key="preset", bind="query-params")
    recipe = PRESETS[preset]
    drawing, words = st.columns([1, 1.3], vertical_alignment="center")
    with drawing:
        if (figure := graphical_models.of_family(family_of(preset).name)) is not None:
            graphical_models.draw(figure)
    words.caption(f"{recipe.summary} {time_needed(preset, recipe.steps, recipe.batch_size)}")
    with st.form("training", border=False):
        if mnist_on_disk():
            st.segmented_control(
                "Data",
                list(DATASETS),
                default=best_dataset_name(),
                required=True,
                format_func={"mnist": "Full MNIST", "mnist-sample": "Sample"}.__getitem__,
                key="data",
                width="stretch",
                help="; ".join(DATASETS.values()) + ".",
            )
        fields = [*TRAINING_FIELDS, *(name for name in MODEL_FIELDS if name in type(recipe.model).model_fields)]
        for name, column in zip(fields, cycle(st.columns(2)), strict=False):
            setting(column, preset, recipe, name)
        st.form_submit_button(
            "Start training",
            type="primary",
            icon=":material/play_arrow:",
            on_click=start,
            args=[preset],
            disabled=active_run() is not None,
            width="stretch",
        )


def setting(column: Any, preset: str, recipe: Any, name: str) -> None:
    """One hyper-parameter, within the limits of its config and at the recipe's value."""
    from training.config import TrainConfig

    of_model = name in MODEL_FIELDS
    owner = type(recipe.model) if of_model else TrainConfig
    default = getattr(recipe.model if of_model else recipe, name, 0)
    label, text = (MODEL_FIELDS | TRAINING_FIELDS)[name]
    limits = {type(limit).__name__: limit for limit in owner.model_fields[name].metadata}
    least = limits["Ge"].ge if "Ge" in limits else 1e-6
    most = limits["Le"].le if "Le" in limits else 2**32 - 1
    kind = type(default)
    column.number_input(
        label,
        kind(least),
        kind(most),
        default,
        {"steps": 500, "learning_rate": 5e-4}.get(name, kind(1)),
        format="%g" if kind is float else None,
        key=f"{name}-{preset}",
        help=text,
    )


def time_needed(preset: str, steps: int, batch_size: int) -> str:
    """How long a training takes, judged by the last one like it here, else by the shipped model's."""
    found = services.training_speed(preset, batch_size)
    if found is None:
        return ""
    speed, here = found
    return f"{steps:,} steps take about {live.duration(steps / speed)}{'' if here else ' on two cores'}."


def preview() -> None:
    """Before a training: what it will look like, shown on a shipped model's own, the chosen one if it ships."""
    chosen = st.session_state.get("preset", "vae")
    preset = chosen if chosen in pretrained_names() else "vae"
    st.caption(f"This is how the shipped {preset} learned on the full MNIST. Start your own on the right.")
    live.reference_figures(preset)


def run_controls(run_id: str) -> None:
    """The state of a run and what can be done with it."""
    from training.runs import Run

    try:
        run = Run.named(run_id)
    except UserError as error:
        frame.failure(error)
        return
    status = run.status()
    st.fragment(partial(status_panel, run), run_every=live.TICK_SECONDS if status.active else None, key="status")()
    config = run.config
    size = config.model.model_dump()["z"]
    st.caption(
        f"**{config.preset}** with z = {size}, {config.steps:,} steps of {config.batch_size} images, learning rate "
        f"{config.learning_rate:g}, seed {config.seed}, on {DATASETS[config.data]}; products in {config.precision}."
    )
    if status.active:
        return
    if status.state != "finished":
        st.button(
            "Go on",
            icon=":material/resume:",
            on_click=resume,
            args=[run_id],
            key="resume",
            width="stretch",
            disabled=active_run() is not None,
        )
    with st.container():
        st.page_link(
            "pages/samples.py",
            label="Sample from it",
            icon=":material/grid_view:",
            query_params={"checkpoint": RUN + run_id},
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


def status_panel(run: Any) -> None:
    """Progress, speed and time left; Stop."""
    status = run.status()
    done = f"step {status.step:,} of {status.steps:,}"
    if status.active:
        speed = status.steps_per_second
        left = f" · {speed:.0f} steps/s · {live.duration((status.steps - status.step) / speed)} left" if speed else ""
        waiting = "Starting: loading PyTorch and the data" if status.state == "queued" else f"Training, {done}{left}"
        st.progress(status.step / status.steps, text="Stopping" if run.stopping else waiting)
        st.button(
            "Stop",
            icon=":material/stop:",
            on_click=run.request_stop,
            key="stop",
            width="stretch",
            disabled=run.stopping,
            help="Ends after the current step and keeps everything; you can go on later.",
        )
        st.session_state["was-active"] = run.id
        return
    messages = {
        "finished": (st.success, f"Finished: {done} in {live.duration(status.seconds)}.", ":material/check_circle:"),
        "stopped": (st.info, f"Stopped at {done}. Nothing is lost.", ":material/pause_circle:"),
        "failed": (st.error, status.message, ":material/error:"),
        "interrupted": (
            st.warning,
            f"Broke off after {done}: the server or the machine went away. Its last checkpoint is kept.",
            ":material/power_off:",
        ),
    }
    show, text, icon = messages[status.state]
    show(text, icon=icon)
    held_out = run.metrics("held-out").terms.get("nelbo", [])
    if len(held_out) > 1 and held_out[-1] > held_out[0]:
        st.warning(
            "It got worse than it was before training: try a lower learning rate.", icon=":material/trending_up:"
        )
    if st.session_state.pop("was-active", None) == run.id:
        st.rerun()  # once, so that the page stops ticking and offers what comes next


def run_view(run_id: str) -> None:
    """The run's figures, once a second while it trains; afterwards its numbers too."""
    from training.runs import Run

    try:
        run = Run.named(run_id)
    except UserError:
        st.caption("Choose a run on the right, or start a new one.")
        return
    active = run.status().active
    st.fragment(partial(run_tick, run), run_every=live.TICK_SECONDS if active else None, key="figures")()
    if not active:
        st.subheader("Its numbers", anchor=False)
        numbers.measuring(str(runs_folder() / run_id))


def run_tick(run: Any) -> None:
    live.run_figures(run, run.status())


frame.mend_link("pages/train.py")
frame.header("Train", "How does a model learn to draw digits, from noise to numbers you can read?")
picture, controls = st.columns([2.4, 1], gap="large")

with controls:
    chosen = pick_run()
    if chosen == NEW:
        training_form()
    else:
        run_controls(chosen)
with picture:
    if chosen == NEW:
        preview()
    else:
        run_view(chosen)

formulas.nelbo_formula()
st.space("small")
frame.notes(
    look="Seen from the start, the KL begins near zero: at first the model ignores its code and draws one grey average "
    "digit. Then it learns to use the code, the KL rises, and the reconstruction falls by far more.",
    attempt="Train with $z = 2$: two numbers a digit. Which of the two terms pays for it? Then train on the embedded "
    "sample for 5,000 steps and watch the held-out curve leave the training curve.",
    guess="After 1,000 of 20,000 steps, how much of the whole improvement is already behind you: a third, two thirds, "
    "or nine tenths? Say it, then switch on *From the start*.",
)
