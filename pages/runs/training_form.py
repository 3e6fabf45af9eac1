"""The form that starts a training: every hyper-parameter of the chosen preset, with a text that teaches it."""

from typing import Any

import streamlit as st

from pages.draw import graphical_models
from pages.kit import glossary, services
from pages.kit.ticking import duration
from training.data.mnist_files import mnist_on_disk
from training.data.names import DATASETS, LICENCES, best_dataset_name, datasets_of, on_disk
from training.data.svhn_files import GET_SVHN
from training.runs.run_index import active_run
from training.system.errors import UserError

__all__ = ["training_form"]

TRAINING_FIELDS = {
    "steps": ("Steps", "One step: one batch, one move of every weight."),
    "batch_size": ("Batch size", "Images whose gradients are averaged for one step. The homework takes 100."),
    "learning_rate": (
        "Learning rate",
        "How far Adam moves each weight in a step. The homework takes 0.001; far above it the weights jump about and "
        "never settle.",
    ),
    "cooldown": (
        "Cooldown",
        "The last share of the steps, in which the learning rate falls to 0 and the weights come to rest. The homework "
        "takes 0: its weights still move at the end.",
    ),
    "seed": ("Seed", "Decides the first weights, the order of the images and all noise: one seed, one run."),
}
MODEL_FIELDS = {
    "z": (
        "Size of z",
        "How many numbers the code has. With 2 the reconstruction suffers; far beyond the homework's value most "
        "dimensions stay unused.",
    ),
    "beta": (
        "Price of KL, β",
        "1 is the VAE. Above 1 the code is dearer and the digits come out blurrier.",
    ),
    "k": ("Clusters k", "Gaussians in the prior. The homework takes 500; with 1 the prior is one learned Gaussian."),
    "gen_weight": ("Weight of the NELBO", "1 learns from all images; 0 is supervised only: the labelled digits."),
    "leak_weight": (
        "Weight of the adversary",
        "How hard the style z is kept free of the digit: 0 is the plain ELBO, and z may hold everything.",
    ),
    "content_weight": (
        "Weight of the reader",
        "How much it counts that a classifier reads swapped digits through noise.",
    ),
    "labelled": (
        "Labelled digits",
        "How many training digits come with their labels, as many of each class. The homework takes 100.",
    ),
    "class_weight": ("Weight of labels", "How much the labelled digits' cross-entropy counts. The homework takes 100."),
}


def training_form() -> None:
    """The hyper-parameters of the chosen model, at the homework's values."""
    from models.registry import PRESETS, family_of

    preset = st.selectbox("Model", list(PRESETS), key="preset", bind="query-params")
    recipe = PRESETS[preset]
    if (figure := graphical_models.of_family(family_of(preset).name)) is not None:
        graphical_models.draw(figure)
    glossary.caption(f"{recipe.summary} {time_needed(preset, recipe.steps, recipe.batch_size)}")
    kind = family_of(preset).images
    ready = on_disk(best_dataset_name(kind))
    if not ready:
        st.info(f"It learns from SVHN, which is not on this server: {GET_SVHN}.", icon=":material/database:")
    elif kind == "colour":
        st.caption(f"Data: {DATASETS['svhn']}. {LICENCES['svhn']}")
    with st.form("training", border=False):
        if kind == "binary" and mnist_on_disk():
            st.segmented_control(
                "Data",
                datasets_of(kind),
                default=best_dataset_name(),
                required=True,
                format_func={"mnist": "Full MNIST", "mnist-sample": "Sample"}.__getitem__,
                key="data",
                width="stretch",
                help="; ".join(DATASETS[name] for name in datasets_of(kind)) + ".",
            )
        fields = [*TRAINING_FIELDS, *(name for name in MODEL_FIELDS if name in type(recipe.model).model_fields)]
        for first in range(0, len(fields), 2):
            columns = st.columns(2, vertical_alignment="bottom")
            for name, column in zip(fields[first : first + 2], columns, strict=False):
                setting(column, preset, recipe, name)
        st.form_submit_button(
            "Start training",
            type="primary",
            icon=":material/play_arrow:",
            on_click=start,
            args=[preset],
            disabled=active_run() is not None or not ready,
            width="stretch",
        )


def start(preset: str) -> None:
    """Start the training that the form describes; what is wrong with it is shown above the form."""
    from models.registry import PRESETS, family_of
    from training.runs.config import TrainConfig

    state = st.session_state
    kind = family_of(preset).images
    fields = type(PRESETS[preset].model).model_fields
    try:
        config = TrainConfig.from_preset(
            preset,
            model={name: state[f"{name}-{preset}"] for name in MODEL_FIELDS if name in fields},
            steps=state[f"steps-{preset}"],
            batch_size=state[f"batch_size-{preset}"],
            learning_rate=state[f"learning_rate-{preset}"],
            cooldown=state[f"cooldown-{preset}"],
            seed=state[f"seed-{preset}"],
            data=state.get("data", "mnist-sample") if kind == "binary" else best_dataset_name(kind),
        )
        state["run"] = services.launcher().train(config)
        state["start-error"] = ""
    except UserError as error:
        state["start-error"] = str(error)


def setting(column: Any, preset: str, recipe: Any, name: str) -> None:
    """One hyper-parameter, within the limits of its config and at the recipe's value."""
    from training.runs.config import TrainConfig

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
        {"steps": 500, "learning_rate": 5e-4, "cooldown": 0.05, "labelled": 10}.get(name, kind(1)),
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
    return f"{steps:,} steps take about {duration(steps / speed)}{'' if here else ' on two cores'}."
