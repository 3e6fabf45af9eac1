"""A new training from what a run kept: "what if beta were 4 from here?", or the same again with another seed."""

from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.kit import glossary, services
from pages.kit.address import page_key
from pages.runs.training_form import asked_fields, setting
from training.system.errors import UserError

if TYPE_CHECKING:
    from training.runs.run_folder import Run

__all__ = ["fork_form"]

AFRESH = -1  # in place of a step: new weights


def fork_form(run: "Run") -> None:
    """From which weights, and with which settings; sizes stay."""
    from training.lab.fork import fork_steps
    from training.runs.config import TrainConfig

    config = run.config
    titled = asked_fields(type(config.model))
    weights = {name: field for name, field in titled.items() if _is_weight(config.model, name)}
    own = {name: asked_fields(TrainConfig)[name] for name in ("steps", "learning_rate", "warmup", "seed")}
    with st.form(f"fork-{run.id}", border=False):
        glossary.caption("Its settings are the run's own where you change nothing; the sizes of its networks stay.")
        st.selectbox(
            "Begin with",
            [*reversed(fork_steps(run)), AFRESH],
            format_func=lambda step: "new weights" if step == AFRESH else f"its weights at step {step:,}",
            key=_key("from", run),
        )
        for name, field in own.items():
            setting(st, field, getattr(config, name), key=_key(name, run), linked=False)
        for name, field in weights.items():
            setting(st, field, getattr(config.model, name), key=_key(name, run), linked=False)
        st.form_submit_button(
            "Start it",
            type="primary",
            icon=":material/play_arrow:",
            on_click=_start,
            args=[run, list(own), list(weights)],
            width="stretch",
        )


def _is_weight(model: Any, name: str) -> bool:
    return isinstance(getattr(model, name), float)


def _key(name: str, run: "Run") -> str:
    return f"fork-{name}-{run.id}"


def _start(run: "Run", own: list[str], weights: list[str]) -> None:
    from training.runs.config import TrainConfig

    state = st.session_state
    changes: dict[str, Any] = {name: state[_key(name, run)] for name in own}
    changes["model"] = {name: state[_key(name, run)] for name in weights}
    try:
        if state[_key("from", run)] == AFRESH:
            model = run.config.model.model_dump() | changes.pop("model")
            config = TrainConfig.model_validate({**run.config.model_dump(), **changes, "model": model})
            (state[page_key("run")],) = services.launcher().train(config)
        else:
            state[page_key("run")] = services.launcher().fork(run, state[_key("from", run)], changes)
        state["start-error"] = ""
    except UserError as error:
        state["start-error"] = str(error)
