"""How well a model keeps digit and style apart, and how well it draws: each score with its error and its meaning."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import streamlit as st

from pages.draw.palette import ACCURACY, KL_Y, KL_Z, NELBO, RECONSTRUCTION, REFERENCE, Quantity, swatch
from pages.kit import glossary, services
from pages.kit.job_panel import job_panel
from pages.kit.tables import table
from pages.kit.ticking import ticking
from training.data.registry import data_set, whole
from training.evaluation.spread import Spread
from training.release.ablations import read_ablations
from training.release.cards import Card, read_card
from training.system.folders import PRETRAINED
from training.system.number_format import plus_minus, signed

if TYPE_CHECKING:
    from training.checkpoints.reading import Checkpoint
    from training.system.jobs import Job

__all__ = ["comparison", "known_scores", "measure_scores", "scores"]

SECONDS = 1.0


class Score(NamedTuple):
    """One measure: its name and colour, how its value is written and in which unit, what it says in one sentence."""

    quantity: Quantity
    form: str
    text: str
    unit: str = ""

    def value(self, value: float, error: float | None = None) -> str:
        """The value, with its standard error where it is known, and its unit."""
        return f"{signed(value, self.form)}{'' if error is None else f' {self.error(error)}'}{self.unit}"

    def error(self, error: float) -> str:
        """The standard error in the same form."""
        return plus_minus(error, self.form)


SCORES = {
    "content_accuracy": Score(
        ACCURACY._replace(label="Content accuracy"),
        ".1%",
        "How often a classifier that was trained on real images predicts the wanted digit from swapped ones.",
    ),
    "content_ceiling": Score(
        ACCURACY._replace(label="The classifier on real images"),
        ".1%",
        "The same classifier's accuracy on the images as they are.",
    ),
    "style_leak": Score(
        KL_Y._replace(label="Style leak"),
        ".1%",
        "How often a nonlinear probe, a small MLP, predicts the digit from the style z alone, on images that it was "
        "not fitted to.",
    ),
    "style_leak_linear": Score(
        KL_Y._replace(label="Style leak, linear probe"),
        ".1%",
        "The same of a linear probe: it misses a digit that lies in z in another form.",
    ),
    "chance": Score(
        REFERENCE._replace(label="Chance"),
        ".1%",
        "The share of the commonest digit: what a z without any digit gives.",
    ),
    "style_kept": Score(
        REFERENCE._replace(label="Style kept"),
        ".4f",
        "How the mean colour and the border pixels of an image correlate with those of its swaps: at most 1.",
    ),
    "nelbo": Score(
        NELBO,
        ",.2f",
        "Reconstruction + KL, an upper bound on −log p(x|y). It may be below 0: densities of colours may be above 1.",
        " nats",
    ),
    "kl": Score(KL_Z, ",.2f", "How far q(z|x, y) is from the prior, mean over the images.", " nats"),
    "rec": Score(
        RECONSTRUCTION,
        ",.2f",
        "−log p(x|z, y), mean over the images, each colour value a Gaussian around the decoder mean.",
        " nats",
    ),
    "squared_error": Score(
        REFERENCE._replace(label="Squared error"),
        ".5f",
        "Squared difference of a colour value, from 0 to 1, and its reconstruction: the mean over values and images.",
    ),
}
ROWS = (("content_accuracy", "style_leak", "style_kept"), ("nelbo", "kl", "rec", "squared_error"))
BESIDE = {"content_accuracy": ("content_ceiling",), "style_leak": ("style_leak_linear", "chance")}
ERRORS = f"Measured on test images. {Spread.IMAGES.label}"


def known_scores(source: "Checkpoint", shipped: str) -> Mapping[str, Any] | None:
    """The scores by name with their errors: from a shipped model's card, else as they were measured here."""
    if shipped:
        return _of_card(read_card(PRETRAINED / shipped))
    job = services.jobs().find(_key(source))
    return job.result.as_json() if job is not None and job.result is not None else None


def _of_card(card: Card) -> Mapping[str, Any] | None:
    """A card's scores; one that was written before cards had the ELBO's terms has these without errors."""
    if card.disentanglement is None:
        return None
    everything = card.sets.get(whole(card.data).measured_by_default[-1])
    return {name: getattr(everything, name) for name in ROWS[1] if everything is not None} | card.disentanglement


def scores(found: Mapping[str, Any]) -> None:
    """The scores as two rows of tiles, each with its error and its sentence."""
    for names in ROWS:
        for column, name in zip(st.columns(len(names), gap="medium"), names, strict=True):
            with column:
                _tile(SCORES[name], found.get(name), found.get(f"{name}_se"))
                for other in BESIDE.get(name, ()):
                    if (value := found.get(other)) is not None:
                        glossary.caption(f"{SCORES[other].quantity.label}: **{SCORES[other].value(value)}**")
    glossary.caption(ERRORS)


def _tile(score: Score, value: float | None, error: float | None) -> None:
    shown = "not measured" if value is None else score.value(value)
    below = "the classifier is missing" if value is None else None if error is None else score.error(error)
    st.metric(swatch(score.quantity), shown, below, delta_color="off", delta_arrow="off")
    glossary.caption(score.text)


def measure_scores(source: "Checkpoint") -> None:
    """A button that measures the scores of a run in the background; then its progress."""
    job = services.jobs().find(_key(source))
    active = job is not None and job.active
    ticking(lambda: _panel(source), key="scores", seconds=SECONDS if active else None)


def _panel(source: "Checkpoint") -> None:
    job = services.jobs().find(_key(source))
    if job is not None and job_panel([job], key="scores"):
        return
    images = data_set(source.data)
    at_hand = images.on_disk()
    if st.button(
        "Measure its scores",
        icon=":material/straighten:",
        key="measure-scores",
        disabled=not at_hand,
        help=None if at_hand else f"They are measured on {images.title}, which is not on this server.",
    ):

        def work(job: "Job") -> Any:
            from training.evaluation.evaluate import measure_style

            job.report(0.0, f"Measuring on {images.title}'s test images: this takes about a minute")
            return measure_style(source, should_stop=job.should_stop)

        key = _key(source)
        job = services.jobs().submit(key, f"Measuring {source.name}", work, owner=services.admitted(key))
        services.wait_for(job)
        st.rerun()


def _key(source: "Checkpoint") -> str:
    return f"style:{source.sha256}"


def comparison(names: list[str]) -> None:
    """Shipped models side by side, and those that were trained without a part of their objective.

    Raises:
        UserError: a card, or the file of those others, cannot be read.
    """
    cards = {name: read_card(PRETRAINED / name) for name in names}
    others = [entry for entry in read_ablations() if entry.preset in names]
    found = {name: _of_card(card) or {} for name, card in cards.items()}
    found |= {entry.title: entry.disentanglement for entry in others}
    sizes = [card.training["model"]["z"] for card in cards.values()] + [entry.z for entry in others]
    steps = [card.steps for card in cards.values()] + [entry.steps for entry in others]
    variances = [card.training["model"]["variance"] for card in cards.values()] + [entry.variance for entry in others]
    rows = [
        ["size of z", *map(str, sizes)],
        ["variance of $p(x\\mid z, y)$", *(f"{variance:g}" for variance in variances)],
        ["training steps", *(f"{count:,}" for count in steps)],
    ]
    for name, score in SCORES.items():
        rows.append([swatch(score.quantity), *(_written(score, name, each) for each in found.values())])
    st.html("<style>.st-key-style-scores table { font-variant-numeric: tabular-nums; }</style>")
    with st.container(key="style-scores"):
        table(["", *found], rows)
    if len(set(variances)) > 1:
        glossary.caption(
            "NELBO and reconstruction of different variances cannot be compared: another variance adds a constant and "
            "scales the squared error; from 0.1 to 0.05 the constant alone falls by 1,065 nats. They are densities of "
            "colours, not code lengths."
        )


def _written(score: Score, name: str, found: Mapping[str, Any]) -> str:
    value, error = found.get(name), found.get(f"{name}_se")
    if value is None:
        return "not measured"
    return score.value(value, error).replace(" ", "\u00a0")
