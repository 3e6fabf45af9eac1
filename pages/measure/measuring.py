"""Measure a checkpoint in the background: sets and bounds to choose, progress with Cancel, then the table."""

import time
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import streamlit as st

from pages.kit import frame, services
from pages.kit.address import page_key
from pages.kit.job_panel import job_panel
from pages.kit.ticking import duration, ticking
from pages.measure import numbers
from pages.measure.seen_notes import seen_notes
from training.checkpoints.model_ref import ModelRef, model_ref
from training.data.registry import at_hand, default_data_set, evaluation_set, evaluation_sets, whole
from training.release.published import REFERENCE_SET
from training.system.errors import UserError

if TYPE_CHECKING:
    from training.checkpoints.reading import Checkpoint
    from training.evaluation.bounds import SetReport
    from training.evaluation.evaluate import Accuracy
    from training.system.jobs import Job

__all__ = [
    "Measurement",
    "is_bound",
    "jobs_of",
    "label_of",
    "measuring",
    "parse_bounds",
    "set_names",
    "start",
]

BOUNDS = ("1", "10", "100", "1000")
MOST_BOUNDS = 8
ESTIMATE_SECONDS = 2.0


class Measurement(NamedTuple):
    """What a measuring job returns: a report by evaluation set, and the classifier's accuracy, if it has one."""

    reports: "dict[str, SetReport]"
    accuracy: "Accuracy | None"
    seed: int = 0

    def column(self, title: str, set_name: str) -> numbers.Column:
        """The numbers of one evaluation set, for a table."""
        right = (None, 0) if self.accuracy is None else self.accuracy
        return numbers.column(title, self.reports[set_name].as_json(), *right)


def label_of(name: str) -> str:
    """What an evaluation set is called where room is scarce."""
    return evaluation_set(name)[1].label


def set_names(data: str) -> list[str]:
    """The evaluation sets of a data set for a choice: the shipped models' numbers are known without any data."""
    return [each.name for each in evaluation_sets(data)]


def measuring(ref: ModelRef) -> None:
    """The numbers of a model; the work goes on without this page and is found again by any tab."""
    try:
        checkpoint = services.checkpoint(ref)
    except UserError as error:
        frame.failure(error)
        return
    job = _latest(checkpoint)
    under_way = job is not None and job.active
    ticking(partial(_panel, checkpoint, ref.label), key="measuring", seconds=0.5 if under_way else None)


@st.cache_resource
def _started() -> dict[str, list[str]]:
    """Keys of the measuring jobs of each checkpoint, by its sha256, in the order they were asked for."""
    return {}


def jobs_of(sha256: str) -> "list[Job]":
    """The measuring jobs of the weights with this digest, in the order they were asked for."""
    keys = _started().get(sha256, [])
    return [job for key in keys if (job := services.jobs().find(key)) is not None]


def _latest(checkpoint: "Checkpoint") -> "Job | None":
    return next(reversed(jobs_of(checkpoint.sha256)), None)


def _panel(checkpoint: "Checkpoint", label: str) -> None:
    job = _latest(checkpoint)
    active = job is not None and job.active
    _choices(checkpoint, resting=active)
    if job is not None:
        job_panel([job], key="measuring")
    done = [job for job in jobs_of(checkpoint.sha256) if job.state == "done"]
    if done:
        _table(checkpoint, label, done[-1].result)


def _choices(checkpoint: "Checkpoint", *, resting: bool) -> None:
    """What to measure; while a job is under way the choices rest."""
    from training.evaluation.evaluate import available_sets, check_sets

    source, here = whole(checkpoint.data), available_sets(checkpoint.data)
    if not here:
        st.info(f"Its numbers need {source.title}: {source.how_to_get}.", icon=":material/database:")
        return
    suffix = "" if source is default_data_set("binary") else f"-{source.name}"  # other choices are other widgets
    left, middle, right = st.columns([1.4, 1.6, 0.8], vertical_alignment="top")
    chosen = left.pills(
        "Measure on",
        here,
        selection_mode="multi",
        default=here[0],
        format_func=label_of,
        key=page_key(f"measure-sets{suffix}"),
        disabled=resting,
        bind="query-params",
        help=at_hand(checkpoint.data).sets_help,
    )
    typed = middle.multiselect(
        "m of each IWAE bound",
        BOUNDS,
        default=[str(m) for m in source.bounds],
        accept_new_options=True,
        max_selections=MOST_BOUNDS,
        placeholder="The NELBO alone",
        key=page_key(f"measure-bounds{suffix}"),
        bind="query-params",
        disabled=resting,
        help="How many samples z of q(z|x) each bound averages: the more, the tighter the bound. Type any whole "
        "number from 1 to 1,000,000; the time grows with the largest.",
    )
    right.space("small")  # level with the boxes beside it, below their labels
    try:
        sets, bounds, problem = check_sets(chosen), parse_bounds(typed), None
    except UserError as error:
        sets, bounds, problem = [], [], error
    if right.button(
        "Measure", icon=":material/straighten:", key="measure", width="stretch", disabled=resting or problem is not None
    ):
        start(checkpoint, sets, bounds)
        st.rerun()
    if problem is not None:
        frame.failure(problem)


def parse_bounds(texts: list[str]) -> list[int]:
    """The m that a visitor typed, in rising order, each once; "1,000" is a thousand.

    Raises:
        UserError: one is no whole number from 1 to 1,000,000.
    """
    from training.evaluation.bounds import LARGEST_BOUND, check_bounds

    try:
        return check_bounds([int(text.replace(",", "")) for text in texts])
    except (ValueError, UserError) as error:
        raise UserError(f"m is a whole number from 1 to {LARGEST_BOUND:,}: take the others out of the list.") from error


def is_bound(text: str) -> bool:
    """Whether a text is the m of a bound, for `frame.mend_link`."""
    digits = text.replace(",", "")
    return digits.isdecimal() and 0 < int(digits[:9]) <= 1_000_000 and len(digits) < 9


def start(checkpoint: "Checkpoint", sets: list[str], bounds: list[int], seed: int = 0) -> None:
    """Measure in the background; asked for again with the same choices, the numbers are there at once."""
    from training.evaluation.evaluate import measure, measure_accuracy

    def work(job: "Job") -> Measurement:
        began, images = time.monotonic(), sum(evaluation_set(name)[1].images for name in sets)

        def progress(name: str, fraction: float) -> None:
            before = sum(evaluation_set(earlier)[1].images for earlier in sets[: sets.index(name)])
            done = (before + fraction * evaluation_set(name)[1].images) / images
            job.report(done, f"Measuring on the {numbers.phrase(name)}{_time_left(time.monotonic() - began, done)}")

        reports = measure(checkpoint, sets, bounds, seed=seed, on_progress=progress, should_stop=job.should_stop)
        job.report(1.0, f"Counting the test {whole(checkpoint.data).plural} with the right label")
        return Measurement(reports, measure_accuracy(checkpoint), seed)

    key = f"measure:{checkpoint.sha256}:{','.join(sets)}:{','.join(map(str, bounds))}:{seed}"
    keys = _started().setdefault(checkpoint.sha256, [])
    if key in keys:
        keys.remove(key)
    keys.append(key)
    services.wait_for(services.jobs().submit(key, f"Measuring {checkpoint.name}", work, owner=services.admitted(key)))


def _time_left(seconds: float, done: float) -> str:
    """How long it will still take, once that can be estimated."""
    return f", {duration(seconds * (1 - done) / done)} left" if seconds > ESTIMATE_SECONDS and done > 0 else ""


def _table(checkpoint: "Checkpoint", label: str, measured: Measurement) -> None:
    """The measured columns; those of the homework set beside what is published and shipped for this family."""
    sets, family, source = list(measured.reports), checkpoint.family.name, whole(checkpoint.data)
    shipped = numbers.shipped(family, sets)
    columns = (numbers.published(family) if REFERENCE_SET in sets else []) + shipped
    columns += [measured.column(f"{label}, {numbers.phrase(name)}", name) for name in sets]
    bounds = sorted({m for report in measured.reports.values() for m in report.niwae})
    numbers.numbers_table(columns, bounds, data=checkpoint.data)
    for name, report in measured.reports.items():
        if report.squared_error is not None:
            st.caption(
                f"On the {numbers.phrase(name)} a colour value, from 0 to 1, is off by a mean squared error of "
                f"{report.squared_error:.5f} in the reconstructions."
            )
    if checkpoint.config.free_numbers():
        st.caption(f"p(x|z, y): {checkpoint.likelihood}. Only numbers of the same likelihood can be compared.")
    if measured.accuracy is not None:
        st.caption(f"The accuracy is the share of so many test {source.plural} with the right likeliest label.")
    models = {label: checkpoint.learned_from}
    if shipped:
        models |= {f"shipped {family}": model_ref("shipped", family).learned_from}
    seen_notes(models, sets)
