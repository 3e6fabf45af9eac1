"""Bounds of several checkpoints at once: those that are known already, and a job for each that is not."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial

import streamlit as st

from pages.kit import frame, services
from pages.kit.job_panel import job_panel
from pages.kit.ticking import ticking
from pages.measure.measuring import jobs_of, start
from pages.measure.numbers import Column, column
from training.checkpoints.model_ref import ModelRef
from training.data.registry import data_set, evaluation_set
from training.release.cards import read_card
from training.system.errors import UserError

__all__ = ["known_bounds", "measure_missing"]

TICK_SECONDS = 0.5


def known_bounds(ref: ModelRef, set_name: str, seed: int) -> Column:
    """What is known of a model on an evaluation set under a seed: its card's numbers, and those measured here.

    A bound does not depend on which others were asked for with it, so numbers of several jobs make one column.

    Raises:
        UserError: the checkpoint, or the card of a shipped one, cannot be read.
    """
    found = Column(ref.label, {}, {}, {})
    if ref.shipped:
        card = read_card(ref.path.parent)
        if seed == 0 and set_name in card.sets:
            found = column(ref.label, asdict(card.sets[set_name]), card.accuracy, data_set(card.data).test_images)
            found = found._replace(selection=card.selection)
    for job in jobs_of(_sha256(ref)):
        if job.state == "done" and job.result.seed == seed and set_name in job.result.reports:
            measured = job.result.column(ref.label, set_name)
            classified = found if measured.accuracy is None else measured
            found = measured._replace(
                terms={**found.terms, **measured.terms},
                bounds={**found.bounds, **measured.bounds},
                ess={**found.ess, **measured.ess},
                selection=found.selection,
                accuracy=classified.accuracy,
                tested=classified.tested,
            )
    return found


def measure_missing(models: Mapping[ModelRef, Column], set_name: str, bounds: Sequence[int], seed: int) -> None:
    """A button that measures what is not known yet, NELBO and bounds, model after model; then progress and Cancel."""
    lacking = [ref for ref, known in models.items() if not (known.terms and set(bounds) <= set(known.bounds))]
    jobs = [job for ref in lacking for job in jobs_of(_sha256(ref)) if job.active]
    ticking(
        partial(_panel, lacking, set_name, list(bounds), seed), key="missing", seconds=TICK_SECONDS if jobs else None
    )


def _panel(lacking: list[ModelRef], set_name: str, bounds: list[int], seed: int) -> None:
    active = [job for ref in lacking for job in jobs_of(_sha256(ref)) if job.active]
    newest = [job for ref in lacking for job in jobs_of(_sha256(ref))[-1:]]
    if job_panel(active or newest, key="bounds") or not lacking:
        return
    source = evaluation_set(set_name)[0]
    at_hand = source.on_disk()
    several = f"{len(lacking)} models" if len(lacking) > 1 else lacking[0].title
    pressed = st.button(
        f"Measure {several}",
        icon=":material/straighten:",
        key="measure-missing",
        width="stretch",
        disabled=not at_hand,
        help=None if at_hand else f"This set is part of {source.label}: get it at the top of the page.",
    )
    if pressed:
        try:
            for ref in lacking:
                start(services.checkpoint(ref), [set_name], bounds, seed)
        except UserError as error:
            frame.failure(error)
            return
        st.rerun()


def _sha256(ref: ModelRef) -> str:
    return ref.sha256 or services.checkpoint(ref).sha256
