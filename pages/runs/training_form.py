"""The form that starts a training: every hyper-parameter of the chosen preset, with a text that teaches it."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.draw import graphical_models
from pages.kit import glossary, services
from pages.kit.address import page_key
from pages.kit.ticking import duration
from training.data.registry import DATA_SETS, best_data_set, of_kind
from training.system.errors import UserError

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic.fields import FieldInfo

__all__ = ["asked_fields", "setting", "training_form"]


def training_form() -> Callable[[], object]:
    """The hyper-parameters of the chosen model, at the homework's values.

    Returns:
        What says how long a training takes: to find out may take a second, so the page calls it when all else is drawn.
    """
    from models.registry import PRESETS, family_of
    from training.lab.sweep import MOST_RUNS
    from training.runs.config import TrainConfig

    preset = st.selectbox("Model", list(PRESETS), key=page_key("preset"), bind="query-params")
    recipe = PRESETS[preset]
    graphical_models.draw(family_of(preset))
    glossary.caption(recipe.summary)
    time = st.empty()
    time.caption("\u00a0")
    kind = family_of(preset).images
    best = best_data_set(kind)
    fitting = [data for data in of_kind(kind) if data.on_disk()]
    if not best.on_disk():
        st.info(
            f"It learns from {best.title}, which is not on this server: {best.how_to_get}.", icon=":material/database:"
        )
    elif len(fitting) == 1 and best.download is not None:
        st.caption(f"Data: {best.summary}. {best.licence}")
    with st.form("training", border=False):
        if len(fitting) > 1:
            st.segmented_control(
                "Data",
                [data.name for data in fitting],
                default=best.name,
                required=True,
                format_func=lambda name: DATA_SETS[name].short or DATA_SETS[name].label,
                key=page_key(f"data-{kind}"),
                bind="query-params",
                width="stretch",
                help="; ".join(data.summary for data in fitting) + ".",
            )
        settings = [(field, getattr(recipe, name, 0), name) for name, field in asked_fields(TrainConfig).items()]
        settings += [
            (field, getattr(recipe.model, name), name) for name, field in asked_fields(type(recipe.model)).items()
        ]
        for first in range(0, len(settings), 2):
            columns = st.columns(2, vertical_alignment="bottom")
            for (field, default, name), column in zip(settings[first : first + 2], columns, strict=False):
                setting(column, field, default, key=page_key(f"{name}-{preset}"))
        st.text_input(
            "Several at once",
            key=page_key(f"sweep-{preset}"),
            placeholder="seed: 0-4; learning rate: 0.001, 0.003",
            help="A run for every combination of these values, in one go; the other fields hold for all of them. They "
            f"train side by side as far as there are places, and wait for each other. At most {MOST_RUNS}.",
        )
        st.form_submit_button(
            "Start training",
            type="primary",
            icon=":material/play_arrow:",
            on_click=start,
            args=[preset],
            disabled=not best.on_disk(),
            width="stretch",
        )
    return lambda: time.caption(time_needed(preset, recipe.steps, recipe.batch_size))


def start(preset: str) -> None:
    """Start the training that the form describes; what is wrong with it is shown above the form."""
    from models.registry import PRESETS, family_of
    from training.lab.sweep import sweep
    from training.runs.config import TrainConfig

    state = st.session_state
    kind = family_of(preset).images
    architecture = type(PRESETS[preset].model)
    changes = {
        "model": {name: state[page_key(f"{name}-{preset}")] for name in asked_fields(architecture)},
        **{name: state[page_key(f"{name}-{preset}")] for name in asked_fields(TrainConfig)},
        "data": state.get(page_key(f"data-{kind}")),
    }
    try:
        several = state.get(page_key(f"sweep-{preset}"), "").strip()
        configs = sweep(preset, several, changes) if several else [TrainConfig.from_preset(preset, **changes)]
        first, *_ = services.launcher().train(*configs, sweep=several)
        state[page_key("run")] = first
        state["started"], state["start-error"] = True, ""
    except UserError as error:
        state["start-error"] = str(error)


def asked_fields(settings: "type[BaseModel]") -> "dict[str, FieldInfo]":
    """The settings that a person may change, by name: those with a title."""
    return {name: field for name, field in settings.model_fields.items() if field.title}


def setting(column: Any, field: "FieldInfo", default: Any, *, key: str, linked: bool = True) -> None:
    """One hyper-parameter, within its limits and at the recipe's value.

    Arguments:
        linked: the page's address holds it.
    """
    limits = {type(limit).__name__: limit for limit in field.metadata}
    least = limits["Ge"].ge if "Ge" in limits else 1e-6
    most = limits["Le"].le if "Le" in limits else 2**32 - 1
    extra = field.json_schema_extra
    kind = type(default)
    column.number_input(
        field.title,
        kind(least),
        kind(most),
        default,
        extra["step"] if isinstance(extra, dict) else kind(1),
        format="%g" if kind is float else None,
        key=key,
        bind="query-params" if linked else None,
        help=field.description,
    )


def time_needed(preset: str, steps: int, batch_size: int) -> str:
    """How long a training takes here, as far as that is known: no other machine's time is used as this one's."""
    speed = services.training_speed(preset, batch_size)
    return "" if speed is None else f"{steps:,} steps take about {duration(steps / speed)} on this machine."
