"""The visitor's own models as answers: which recipe each answers for, what is known of it, a button for the rest."""

from collections.abc import Mapping, Sequence
from functools import partial

import streamlit as st

from pages.families.style_scores import known_scores, measure_scores
from pages.kit import frame, services
from pages.kit.job_panel import job_panel
from pages.kit.ticking import ticking
from pages.measure.known_bounds import known_bounds
from pages.measure.measuring import jobs_of, start
from training.checkpoints.model_ref import ModelRef, model_ref
from training.checkpoints.records import preset_in
from training.data.registry import same_images
from training.homework.questions import Answer, Question
from training.system.errors import UserError

__all__ = ["answering", "measure_open", "own_answer"]

TICK_SECONDS = 0.5
SETS = ("homework", "test")


def answering(models: Sequence[ModelRef], presets: Sequence[str]) -> dict[str, ModelRef]:
    """The first of some models for each recipe: a run answers for its own recipe, a file for its family's first."""
    found: dict[str, ModelRef] = {}
    for ref in [ref for ref in models if ref.family]:
        preset = (
            preset_in(ref.path.parent) if ref.origin == "run" else services.families()[ref.family].default_preset.name
        )
        if preset in presets and same_images(ref.data, model_ref("shipped", preset).data):
            found.setdefault(preset, ref)
    return found


def own_answer(ref: ModelRef) -> Answer:
    """What was measured of a model so far, on this server."""
    columns = {name: known_bounds(ref, name, seed=0) for name in SETS if not _is_colour(ref)}
    sets = {
        name: {term: value for term, (value, _) in found.terms.items()}
        | {str(m): value for m, (value, _) in found.bounds.items()}
        for name, found in columns.items()
    }
    right = [found.accuracy for found in columns.values() if found.accuracy is not None]
    style = known_scores(services.checkpoint(ref), "") if _is_colour(ref) else None
    shares = {name: value for name, value in (style or {}).items() if isinstance(value, float)}
    return Answer(sets, shares | ({"accuracy": right[0]} if right else {}))


def measure_open(
    models: Mapping[str, ModelRef], questions: Sequence[Question], known: Mapping[Question, float | None]
) -> None:
    """A button that measures what the questions still lack; then progress and Cancel."""
    lacking = [question for question in questions if question.model in models and known[question] is None]
    wanted: dict[ModelRef, set[Question]] = {}
    for question in lacking:
        wanted.setdefault(models[question.model], set()).add(question)
    for ref in [ref for ref in wanted if _is_colour(ref)]:
        measure_scores(services.checkpoint(ref))
        del wanted[ref]
    jobs = [job for ref in wanted for job in jobs_of(services.checkpoint(ref).sha256) if job.active]
    ticking(partial(_panel, wanted), key="open", seconds=TICK_SECONDS if jobs else None)


def _panel(wanted: Mapping[ModelRef, set[Question]]) -> None:
    jobs = [job for ref in wanted for job in jobs_of(services.checkpoint(ref).sha256)]
    active = [job for job in jobs if job.active]
    if job_panel(active or jobs[-1:], key="open") or not wanted:
        return
    several = f"{len(wanted)} models" if len(wanted) > 1 else next(iter(wanted)).title
    if st.button(f"Measure {several}", icon=":material/straighten:", key="measure-open"):
        try:
            for ref, questions in wanted.items():
                _start(ref, questions)
        except UserError as error:
            frame.failure(error)
            return
        st.rerun()


def _start(ref: ModelRef, questions: set[Question]) -> None:
    """A job for each set, since bounds of the large one would take minutes; an accuracy comes with any of them."""
    sets = {question.set_name or SETS[0] for question in questions}
    for name in SETS:
        if name in sets:
            bounds = {int(each) for q in questions if q.set_name == name for each in q.quantities if each.isdigit()}
            start(services.checkpoint(ref), [name], sorted(bounds))


def _is_colour(ref: ModelRef) -> bool:
    return services.families()[ref.family].images == "colour"
