"""The report of the chosen models: two buttons, progress, and the file."""

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from pages.kit import frame, glossary, services
from pages.kit.job_panel import job_panel
from pages.kit.ticking import ticking
from training.checkpoints.model_ref import ModelRef
from training.system.errors import UserError

if TYPE_CHECKING:
    from training.system.jobs import Job

__all__ = ["report_panel"]

TICK_SECONDS = 0.5
TYPES = {"html": "text/html", "pdf": "application/pdf"}


def report_panel(models: Mapping[str, ModelRef]) -> None:
    """Write the report in the background, as HTML or PDF, and offer it.

    Arguments:
        models: the visitor's, by the recipes that they stand for; shipped ones stand in for the others.
    """
    st.header("The report", anchor=False)
    named = " and ".join(ref.title for ref in models.values()) or "the shipped models"
    glossary.markdown(
        f"Numbers, tables, the three pictures of 200, curves, and every derivation with its numbers, of {named}"
        + (", and of shipped models where you chose none." if models else ".")
    )
    under_way = [job for format in TYPES if (job := _job(models, format)) is not None and job.active]
    ticking(partial(_panel, models), key="report", seconds=TICK_SECONDS if under_way else None)


def _panel(models: Mapping[str, ModelRef]) -> None:
    jobs = [job for format in TYPES if (job := _job(models, format)) is not None]
    job_panel(jobs, key="report")
    with st.container(horizontal=True):
        for format, mime in TYPES.items():
            _one(models, format, mime)


def _one(models: Mapping[str, ModelRef], format: str, mime: str) -> None:
    job = _job(models, format)
    if job is not None and job.state == "done":
        st.download_button(
            f"Save as {format.upper()}",
            job.result,
            f"report.{format}",
            mime,
            key=f"save-{format}",
            icon=":material/download:",
            on_click="ignore",
        )
        return
    busy = job is not None and job.active
    if st.button(f"Write the {format.upper()}", key=f"write-{format}", icon=":material/description:", disabled=busy):
        try:
            _start(models, format)
        except UserError as error:
            frame.failure(error)
            return
        st.rerun()


def _start(models: Mapping[str, ModelRef], format: str) -> None:
    own = {preset: services.checkpoint(ref) for preset, ref in models.items()}

    def work(job: "Job") -> bytes:
        from training.homework.report import Measuring, write_report

        return write_report(own, "pdf" if format == "pdf" else "html", how=Measuring(job.report, job.should_stop))

    key = _key(models, format)
    services.wait_for(services.jobs().submit(key, "Writing the report", work, owner=services.admitted(key)))


def _job(models: Mapping[str, ModelRef], format: str) -> "Job | None":
    return services.jobs().find(_key(models, format))


def _key(models: Mapping[str, ModelRef], format: str) -> str:
    """Of the weights themselves: a run's change while it trains."""
    weights = ",".join(f"{preset}={ref.sha256 or services.checkpoint(ref).sha256}" for preset, ref in models.items())
    return f"report:{format}:{weights}"
