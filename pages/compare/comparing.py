"""The measuring behind a comparison: in the background, model after model, each number kept for whoever asks next."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import streamlit as st

from pages.kit import services
from pages.kit.job_panel import job_panel
from pages.kit.ticking import ticking
from pages.measure import numbers

if TYPE_CHECKING:
    from training.checkpoints.reading import Checkpoint
    from training.diagnosis.paired_comparison import Stage
    from training.evaluation.bounds import SetReport
    from training.evaluation.evaluate import Accuracy
    from training.system.errors import UserError
    from training.system.jobs import Job

__all__ = ["NOTHING_YET", "Measured", "compare_in_background", "measured"]

TICK_SECONDS = 0.5
FIRST_TABLE_SECONDS = 2.0
KEPT = 64
READ_IMAGES = 100


class Asked(NamedTuple):
    """What a report depends on beside the weights."""

    sha256: str
    set_name: str
    bounds: tuple[int, ...]
    seed: int


@dataclass(frozen=True)
class Extras:
    """What is asked once of a model, whatever the seed."""

    accuracy: "Accuracy | None" = None
    readings: Mapping[str, float] | None = None
    problem: str = ""


class Measured(NamedTuple):
    """What is known of one model so far.

    Attributes:
        reports: by evaluation set, with as many bounds as were measured.
        accuracy: of its classifier, on the test images at hand.
        readings: its NELBO under each reading of its encoder's variance, see `training.diagnosis.fingerprints`.
        problem: why it cannot be measured.
    """

    reports: "dict[str, SetReport]"
    accuracy: "Accuracy | None"
    readings: Mapping[str, float] | None
    problem: str


NOTHING_YET = Measured({}, None, None, "")


@st.cache_resource
def _reports() -> "dict[Asked, SetReport]":
    return {}


@st.cache_resource
def _extras() -> dict[str, Extras]:
    """By sha256."""
    return {}


def measured(source: "Checkpoint", seed: int, bounds: Sequence[int]) -> Measured:
    """What was measured of a model under a seed, so far."""
    reports: dict[str, SetReport] = {}
    for asked, report in list(_reports().items()):
        mine = asked.sha256 == source.sha256 and asked.seed == seed and asked.bounds in ((), tuple(bounds))
        if mine and (asked.bounds or asked.set_name not in reports):
            reports[asked.set_name] = report
    extras = _extras().get(source.sha256, Extras())
    return Measured(reports, extras.accuracy, extras.readings, extras.problem)


def compare_in_background(sources: "Sequence[Checkpoint]", seed: int, bounds: Sequence[int]) -> bool:
    """Measure what is not known yet of models of one kind of images, and show how far that is.

    Returns:
        Whether everything is known.
    """
    from training.diagnosis.paired_comparison import stages

    able = [source for source in sources if not _extras().get(source.sha256, Extras()).problem]
    if not able:
        return True
    plan = stages(len(able), able[0].data, bounds)
    lacking = [stage for stage in plan if _asked(able, stage, seed) not in _reports()]
    if not lacking and all(source.sha256 in _extras() for source in able):
        return True
    key = f"compare:{','.join(source.sha256[:16] for source in able)}:{','.join(map(str, bounds))}:{seed}"
    job = services.jobs().find(key)
    if job is None or job.state == "done":  # done, but what it found was forgotten since
        services.jobs().forget(key)
        job = services.jobs().submit(
            key, "Comparing", partial(_work, able, lacking, seed), owner=services.admitted(key)
        )
        services.wait_for(job)
        _await_the_first_table(job, len(able))
        if job.state == "done":
            return True
    ticking(partial(_panel, job), key="comparing", seconds=TICK_SECONDS if job.active else None)
    return False


def _await_the_first_table(job: "Job", rows: int) -> None:
    """Give a new comparison a moment, in which it usually fills its first table."""
    deadline = time.monotonic() + FIRST_TABLE_SECONDS
    while job.active and len(job.result or ()) < rows and time.monotonic() < deadline:
        time.sleep(0.02)


def _panel(job: "Job") -> None:
    state = (len(job.result or ()), job.active)
    if st.session_state.get("compared", state) != state:
        st.session_state["compared"] = state
        st.rerun()  # once for each number that came: the whole page shows it
    st.session_state["compared"] = state
    job_panel([job], key="comparing")
    if job.state == "stopped" and st.button("Resume comparing", icon=":material/play_arrow:", key="resume-comparing"):
        services.jobs().forget(job.key)
        st.rerun()


def _work(sources: "list[Checkpoint]", plan: "list[Stage]", seed: int, job: "Job") -> "list[Stage]":
    """Returns the stages that are done, which the job shows while it grows."""
    from training.diagnosis.paired_comparison import compare

    done: list[Stage] = []
    job.result = done

    def keep(stage: "Stage", report: "SetReport") -> None:
        known = _reports()
        known[_asked(sources, stage, seed)] = report
        while len(known) > KEPT:
            del known[next(iter(known))]
        done.append(stage)

    def fail(stage: "Stage", error: "UserError") -> None:
        _extras()[sources[stage.checkpoint].sha256] = Extras(problem=str(error))
        done.append(stage)

    def progress(stage: "Stage", fraction: float) -> None:
        name = sources[stage.checkpoint].name
        job.report(0.95 * fraction, f"{name} on the {numbers.phrase(stage.set_name)}")

    compare(sources, plan, keep, fail, seed=seed, on_progress=progress, should_stop=job.should_stop)
    for source in sources:
        if source.sha256 not in _extras():
            job.report(0.97, f"{source.name}: how its variance is read")
            _extras()[source.sha256] = _extra(source)
    return done


def _extra(source: "Checkpoint") -> Extras:
    from training.diagnosis.fingerprints import variance_readings
    from training.diagnosis.paired_comparison import sets_to_compare
    from training.evaluation.evaluate import dataset_of, measure_accuracy

    sets = sets_to_compare(source.data)
    if source.family.images != "binary" or not sets:
        return Extras()
    images = dataset_of(sets[0]).evaluation_set(sets[0])[:READ_IMAGES]
    return Extras(measure_accuracy(source), variance_readings(source, images))


def _asked(sources: "Sequence[Checkpoint]", stage: "Stage", seed: int) -> Asked:
    return Asked(sources[stage.checkpoint].sha256, stage.set_name, stage.bounds, seed)
