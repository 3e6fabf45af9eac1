"""Train: start a model in the background, watch it learn, stop it, go on with it."""

from functools import partial
from typing import Any

import streamlit as st

from pages.common import formulas, frame, graphical_models, live, numbers, services
from pages.common.pickers import RUN
from training.errors import UserError
from training.folders import run_ids, runs_folder
from training.mnist_files import DATASETS, best_dataset_name, mnist_on_disk

NEW = "new training"


def start() -> None:
    """Start the training that the form describes; what is wrong with it is shown above the form."""
    from training.config import TrainConfig

    state = st.session_state
    try:
        config = TrainConfig.from_preset(
            state["preset"],
            model={"z": state["z"]},
            steps=state["steps"],
            batch_size=state["batch-size"],
            learning_rate=state["learning-rate"],
            seed=state["train-seed"],
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
    active = services.active_run()
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
    from models.registry import PRESETS

    preset = st.selectbox("Model", list(PRESETS), key="preset", persist_state="session")
    recipe = PRESETS[preset]
    drawing, words = st.columns([1, 1.3], vertical_alignment="center")
    with drawing:
        graphical_models.draw(next(entry for entry in graphical_models.FAMILY if entry.preset == preset))
    words.caption(f"{recipe.summary} {time_needed(recipe.steps)}")
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
        left, right = st.columns(2)
        left.number_input(
            "Steps",
            1,
            10_000_000,
            recipe.steps,
            500,
            key="steps",
            help="One step: one batch, one move of every weight. The homework takes 20,000.",
        )
        right.number_input(
            "Latent size z",
            1,
            512,
            10,
            key="z",
            help="How many numbers the code has. The homework takes 10; with 2 the reconstruction suffers, and beyond "
            "20 most dimensions stay unused.",
        )
        left.number_input(
            "Batch size",
            1,
            10_000,
            recipe.batch_size,
            key="batch-size",
            help="Images whose gradients are averaged for one step. The homework takes 100.",
        )
        right.number_input(
            "Learning rate",
            1e-6,
            1.0,
            recipe.learning_rate,
            5e-4,
            format="%g",
            key="learning-rate",
            help="How far Adam moves each weight in a step. The homework takes 0.001; far above it the weights jump "
            "about and never settle.",
        )
        st.number_input(
            "Seed",
            0,
            2**32 - 1,
            0,
            key="train-seed",
            help="Decides the first weights, the order of the images and all noise: one seed, one run.",
        )
        st.form_submit_button(
            "Start training",
            type="primary",
            icon=":material/play_arrow:",
            on_click=start,
            disabled=services.active_run() is not None,
            width="stretch",
        )


def time_needed(steps: int) -> str:
    """How long a training takes, judged by the last run here, else by the shipped model's."""
    speed, here = services.training_speed()
    if not speed:
        return ""
    return f"{steps:,} steps take about {live.duration(steps / speed)}{'' if here else ' on two cores'}."


def preview() -> None:
    """Before a training: what it will look like, shown on the shipped model's own."""
    st.caption("This is how the shipped VAE learned, 20,000 steps on the full MNIST. Start your own on the right.")
    live.reference_figures("vae")


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
            disabled=services.active_run() is not None,
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
        job = services.jobs().training_job(run.id)
        stopping = job is not None and job.should_stop()
        st.progress(status.step / status.steps, text="Stopping" if stopping else f"Training, {done}{left}")
        if job is not None:
            st.button(
                "Stop",
                icon=":material/stop:",
                on_click=job.stop,
                key="stop",
                width="stretch",
                disabled=stopping,
                help="Ends after the current step and keeps everything; you can go on later.",
            )
        else:
            st.caption("Started from the command line: stop it there with Ctrl-C.")
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
    look="The KL starts near zero: at first the model ignores its code and draws one grey average digit. Then it "
    "learns to use the code, the KL rises, and the reconstruction falls by far more.",
    attempt="Train with $z = 2$: two numbers a digit. Which of the two terms pays for it? Then train on the embedded "
    "sample for 5,000 steps and watch the held-out curve leave the training curve.",
    guess="After 1,000 of 20,000 steps, how much of the whole improvement is already behind you: a third, two thirds, "
    "or nine tenths? Say it before the curve does.",
)
