"""Background work on a page: how far it is or what it waits for, a Cancel, and how it failed."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from pages.kit import services
from pages.kit.guard import plain

if TYPE_CHECKING:
    from training.system.jobs import Job

__all__ = ["job_panel"]


def job_panel(jobs: "Sequence[Job]", *, key: str) -> bool:
    """Show jobs that run or wait, one below the other, and the errors of those that failed.

    Draw it in a part that ticks; when the last of the jobs has ended, the whole page runs again once.

    Arguments:
        key: names the panel's place; the Cancel's key is "stop-" and this.

    Returns:
        Whether any of them is under way.
    """
    active = [job for job in jobs if job.active]
    flag = f"under-way-{key}"
    before = st.session_state.get(flag, ())
    st.session_state[flag] = [job.key for job in active]
    if not active and any(job.key in before for job in jobs):
        st.rerun()
    for job in active:
        services.wait_for(job)
        title = f"{job.title}: " if len(active) > 1 else ""
        st.progress(job.progress, text=plain(title + _doing(job)))
    if active:
        st.button(
            "Cancel",
            on_click=_stop,
            args=[active],
            key=f"stop-{key}",
            icon=":material/stop:",
            disabled=all(job.should_stop() for job in active),
        )
    for job in jobs:
        if job.error:
            st.error(plain(job.error), icon=":material/error:")
    return bool(active)


def _doing(job: "Job") -> str:
    if job.should_stop():
        return "Cancelling"
    ahead = services.jobs().ahead_of(job)
    return f"Waiting for other work to end: {ahead.title}" if ahead is not None else job.message or job.title


def _stop(jobs: "Sequence[Job]") -> None:
    for job in jobs:
        job.stop()
