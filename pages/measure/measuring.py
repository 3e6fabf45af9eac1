"""Measure a checkpoint in the background: sets and bounds to choose, progress with Cancel, then the table."""

import time
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import streamlit as st

from pages.kit import frame, services
from pages.kit.ticking import duration, ticking
from pages.measure import numbers
from training.checkpoints.model_ref import ModelRef
from training.data.evaluation_sets import EVALUATION_SETS
from training.data.mnist_files import mnist_on_disk
from training.data.names import best_dataset_name
from training.system.errors import UserError

if TYPE_CHECKING:
    from training.checkpoints.reading import Checkpoint
    from training.evaluation.bounds import SetReport
    from training.system.jobs import Job

__all__ = ["CHOICES", "Measurement", "is_bound", "jobs_of", "measuring", "parse_bounds", "set_names", "start"]

CHOICES = {"homework": "Homework", "test": "Full test", "sample": "Sample"}  # short: three stand in one row
SVHN_CHOICES = {"svhn": "SVHN test", "svhn-1000": "First 1,000"}
SETS_HELP = {
    "mnist": "The homework set is 100 test digits, binarised once; the full test set is 10,000 and takes a hundred "
    "times as long.",
    "mnist-sample": "1,000 held-out digits of the embedded sample: their numbers cannot be laid beside those of the "
    "homework set or the full test set.",
    "svhn": "All 26,032 digits of SVHN's test set, or the first 1,000 of them; NELBO and its terms are means of 10 "
    "passes.",
}
BOUNDS = ("1", "10", "100", "1000")
MOST_BOUNDS = 8
FORETELL_SECONDS = 2.0


class Measurement(NamedTuple):
    """What a measuring job returns: a report by evaluation set, and the classifier's accuracy, if it has one."""

    reports: "dict[str, SetReport]"
    accuracy: float | None
    seed: int = 0


def set_names() -> list[str]:
    """MNIST's evaluation sets for a choice: on two the shipped models' numbers are known without any data; the
    embedded sample stands in where the full MNIST is not on disk.
    """
    return [name for name in CHOICES if name != "sample" or not mnist_on_disk()]


def measuring(ref: ModelRef) -> None:
    """The numbers of a model; the work goes on without this page and is found again by any tab."""
    try:
        checkpoint = services.checkpoint(ref)
    except UserError as error:
        frame.failure(error)
        return
    job = _latest(checkpoint)
    under_way = job is not None and job.active
    ticking(partial(_panel, checkpoint), key="measuring", seconds=0.5 if under_way else None)


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


def _panel(checkpoint: "Checkpoint") -> None:
    job = _latest(checkpoint)
    active = job is not None and job.active
    flag = f"was-measuring:{checkpoint.sha256}"
    if st.session_state.pop(flag, False) and not active:
        st.rerun()  # once, so that the page stops asking
    st.session_state[flag] = active
    _choices(checkpoint, job if active else None)
    if job is not None and active:
        waiting = "Waiting for another measurement to end"
        st.progress(job.progress, text="Cancelling" if job.should_stop() else job.message or waiting)
    elif job is not None and job.error:
        st.error(job.error, icon=":material/error:")
    done = [job for job in jobs_of(checkpoint.sha256) if job.state == "done"]
    if done:
        _table(checkpoint, done[-1].result)


def _choices(checkpoint: "Checkpoint", active: "Job | None") -> None:
    """What to measure; while a job is under way the choices rest and its Cancel takes the button's place."""
    from training.data.svhn_files import GET_SVHN
    from training.evaluation.measuring import DEFAULT_BOUNDS, available_sets, check_sets

    kind = checkpoint.family.images
    at_hand = available_sets(kind)
    if not at_hand:
        st.info(f"Its numbers need SVHN: {GET_SVHN}.", icon=":material/database:")
        return
    suffix = "" if kind == "binary" else f"-{best_dataset_name(kind)}"  # other choices are other widgets
    left, middle, right = st.columns([1.4, 1.6, 0.8], vertical_alignment="top")
    chosen = left.pills(
        "Measure on",
        at_hand,
        selection_mode="multi",
        default=at_hand[0],
        format_func=(CHOICES | SVHN_CHOICES).__getitem__,
        key=f"measure-sets{suffix}",
        disabled=active is not None,
        bind="query-params",
        help=SETS_HELP[best_dataset_name(kind)],
    )
    typed = middle.multiselect(
        "m of each IWAE bound",
        BOUNDS,
        default=[str(m) for m in DEFAULT_BOUNDS[kind]],
        accept_new_options=True,
        max_selections=MOST_BOUNDS,
        placeholder="The NELBO alone",
        key=f"measure-bounds{suffix}",
        bind="query-params",
        disabled=active is not None,
        help="How many samples z of q(z|x) each bound averages: the more, the closer it comes to −log p(x). Type any "
        "whole number from 1 to 1,000,000; the time grows with the largest.",
    )
    right.space("small")  # level with the boxes beside it, below their labels
    if active is not None:
        right.button(
            "Cancel",
            on_click=active.stop,
            key="stop-measuring",
            icon=":material/stop:",
            width="stretch",
            disabled=active.should_stop(),
        )
        return
    try:
        sets, bounds, problem = check_sets(chosen), parse_bounds(typed), None
    except UserError as error:
        sets, bounds, problem = [], [], error
    if right.button(
        "Measure", icon=":material/straighten:", key="measure", width="stretch", disabled=problem is not None
    ):
        start(checkpoint, sets, bounds)
        st.rerun()
    if problem is not None:
        frame.failure(problem)


def parse_bounds(texts: list[str]) -> list[int]:
    """The m that somebody typed, in rising order, each once; "1,000" is a thousand.

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
    from training.evaluation.measuring import measure, measure_accuracy

    def work(job: "Job") -> Measurement:
        began, images = time.monotonic(), sum(EVALUATION_SETS[name].images for name in sets)

        def progress(name: str, fraction: float) -> None:
            before = sum(EVALUATION_SETS[earlier].images for earlier in sets[: sets.index(name)])
            done = (before + fraction * EVALUATION_SETS[name].images) / images
            job.report(done, f"Measuring on the {numbers.SETS[name]}{_time_left(time.monotonic() - began, done)}")

        reports = measure(checkpoint, sets, bounds, seed=seed, on_progress=progress, should_stop=job.should_stop)
        job.report(1.0, "Counting the test digits it labels rightly")
        return Measurement(reports, measure_accuracy(checkpoint), seed)

    key = f"measure:{checkpoint.sha256}:{','.join(sets)}:{','.join(map(str, bounds))}:{seed}"
    keys = _started().setdefault(checkpoint.sha256, [])
    if key in keys:
        keys.remove(key)
    keys.append(key)
    services.jobs().submit(key, f"Measuring {checkpoint.name}", work)


def _time_left(seconds: float, done: float) -> str:
    """How long it will still take, once that can be foretold."""
    return f", {duration(seconds * (1 - done) / done)} left" if seconds > FORETELL_SECONDS and done > 0 else ""


def _table(checkpoint: "Checkpoint", measured: Measurement) -> None:
    """The measured columns; those of the homework set beside what is published and shipped for this family."""
    sets, family = list(measured.reports), checkpoint.family.name
    columns = (numbers.published(family) if "homework" in sets else []) + numbers.shipped(family, sets)
    columns += [
        numbers.column(f"{checkpoint.name}, {numbers.SETS[name]}", report.as_json(), measured.accuracy)
        for name, report in measured.reports.items()
    ]
    bounds = sorted({m for report in measured.reports.values() for m in report.niwae})
    numbers.numbers_table(columns, bounds, svhn=checkpoint.family.images == "colour")
    for name, report in measured.reports.items():
        if report.squared_error is not None:
            st.caption(
                f"On the {numbers.SETS[name]} a colour value, from 0 to 1, is off by a mean squared error of "
                f"{report.squared_error:.5f} in the reconstructions."
            )
    if "kl_y" in columns[-1].terms and measured.accuracy is None:
        st.caption("The accuracy is measured on the 10,000 test digits: get the full MNIST to see it.")
    elif measured.accuracy is not None:
        st.caption("The accuracy is the share of all 10,000 test digits whose likeliest label is right.")
