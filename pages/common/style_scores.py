"""How well a model keeps digit and style apart: three scores, each with its error and its meaning."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import streamlit as st

from pages.common import services
from pages.common.ticking import ticking
from training.cards import read_card
from training.dataset_names import on_disk
from training.folders import PRETRAINED

if TYPE_CHECKING:
    from training.checkpoints import Checkpoint
    from training.jobs import Job

__all__ = ["comparison", "known_scores", "measure_scores", "scores"]

SECONDS = 1.0


class Score(NamedTuple):
    """One measure: its name, how its value is written, what it says in one sentence."""

    label: str
    form: str
    text: str


SCORES = {
    "content_accuracy": Score(
        "Content accuracy",
        ".1%",
        "How often a classifier that was trained on real house numbers reads the digit that was asked for.",
    ),
    "style_leak": Score(
        "Style leak",
        ".1%",
        "How often a linear probe reads the digit from the style z alone: 19.6 % is what a z without any digit gives.",
    ),
    "style_kept": Score(
        "Style kept",
        ".3f",
        "How the mean colour and the border pixels of an image go together with those of its swaps: 1 is perfectly.",
    ),
}


def known_scores(source: "Checkpoint", shipped: str) -> Mapping[str, Any] | None:
    """The three scores by name with their errors: from a shipped model's card, else as they were measured here."""
    if shipped:
        return read_card(PRETRAINED / shipped).disentanglement
    job = services.jobs().find(_key(source))
    return job.result.as_json() if job is not None and job.result is not None else None


def scores(found: Mapping[str, Any]) -> None:
    """The three scores as tiles, each with its error and its sentence."""
    for column, (name, score) in zip(st.columns(3, gap="large"), SCORES.items(), strict=True):
        value, error = found.get(name), found.get(f"{name}_se")
        with column:
            if value is None:
                st.metric(
                    score.label, "not measured", "the classifier is missing", delta_color="off", delta_arrow="off"
                )
            else:
                st.metric(
                    score.label,
                    format(value, score.form),
                    f"± {format(error, score.form)}" if error is not None else None,
                    delta_color="off",
                    delta_arrow="off",
                )
            st.caption(score.text)


def measure_scores(source: "Checkpoint") -> None:
    """A button that measures the scores of a run in the background; then its progress."""
    job = services.jobs().find(_key(source))
    active = job is not None and job.active
    ticking(lambda: _panel(source), key="scores", seconds=SECONDS if active else None)


def _panel(source: "Checkpoint") -> None:
    job = services.jobs().find(_key(source))
    active = job is not None and job.active
    if st.session_state.pop("was-measuring-scores", False) and not active:
        st.rerun()  # once: the whole page shows what came of it
    st.session_state["was-measuring-scores"] = active
    if active:
        st.info("Measuring on SVHN's test images: this takes about a minute.", icon=":material/hourglass_top:")
        return
    if job is not None and job.error:
        st.error(job.error, icon=":material/error:")
    at_hand = on_disk("svhn")
    if st.button(
        "Measure its scores",
        icon=":material/straighten:",
        key="measure-scores",
        disabled=not at_hand,
        help=None if at_hand else "They are measured on SVHN, which is not on this server.",
    ):

        def work(job: "Job") -> Any:
            from training.measure import measure_style

            return measure_style(source)

        services.jobs().submit(_key(source), f"Measuring {source.name}", work)
        st.rerun()


def _key(source: "Checkpoint") -> str:
    return f"style:{source.sha256}"


def comparison(names: list[str]) -> None:
    """Shipped models side by side: what a larger code gains, and what it costs."""
    cards = {name: read_card(PRETRAINED / name) for name in names}
    rows = "".join(
        f"| {name} | {card.training['model']['z']} | {card.sets['svhn'].squared_error:.4f} | "
        + " | ".join(_written(name, card.disentanglement or {}) for name in SCORES)
        + " |\n"
        for name, card in cards.items()
    )
    heads = " | ".join(score.label.lower() for score in SCORES.values())
    st.markdown(f"| model | size of z | squared error of a colour value | {heads} |\n|---|---|---|---|---|---|\n{rows}")


def _written(name: str, found: Mapping[str, Any]) -> str:
    return "not measured" if found.get(name) is None else format(found[name], SCORES[name].form)
