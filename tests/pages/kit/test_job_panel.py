"""The one panel of background work: what it says while work waits, runs, is cancelled and has failed."""

import time
from collections.abc import Iterator

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages.kit import services
from tests.patience import PATIENCE, until
from training.system.errors import UserError
from training.system.jobs import Job


def script() -> None:
    import streamlit as st

    from pages.kit import services
    from pages.kit.job_panel import job_panel

    st.session_state["runs"] = st.session_state.get("runs", 0) + 1
    jobs = [job for key in ("first", "second") if (job := services.jobs().find(key)) is not None]
    st.session_state["under way"] = job_panel(jobs, key="test")


@pytest.fixture
def page() -> Iterator[AppTest]:
    st.cache_resource.clear()
    yield AppTest.from_function(script, default_timeout=PATIENCE)
    services.jobs().stop_all(PATIENCE)


def reporting(job: Job) -> None:
    while True:
        job.report(0.25, "a quarter")
        time.sleep(0.005)


def lines(page: AppTest) -> list[str]:
    return [str(part.proto.text) for part in page.get("progress")]


def test_it_says_what_runs_what_waits_and_cancels_both(page: AppTest) -> None:
    jobs = [services.jobs().submit(key, f"Measuring {key}", reporting) for key in ("first", "second")]
    until(lambda: jobs[0].progress > 0)
    page.run()
    assert lines(page) == [
        "Measuring first: a quarter",
        "Measuring second: Waiting for other work to end: Measuring first",
    ]
    assert page.session_state["under way"]
    page.button(key="stop-test").click().run()
    assert all(job.wait(PATIENCE) and job.state == "stopped" for job in jobs)


def test_the_page_runs_again_once_when_the_work_has_ended(page: AppTest) -> None:
    job = services.jobs().submit("first", "Measuring", reporting)
    until(lambda: job.progress > 0)
    page.run()
    assert lines(page) == ["a quarter"]
    job.stop()
    job.wait(PATIENCE)
    page.run()
    assert (page.session_state["runs"], page.session_state["under way"], lines(page)) == (3, False, [])
    page.run()
    assert page.session_state["runs"] == 4


def test_a_failure_is_one_sentence(page: AppTest) -> None:
    def work(job: Job) -> None:
        raise UserError("No numbers: give some.")

    services.jobs().submit("first", "Measuring", work).wait(PATIENCE)
    page.run()
    assert [error.value for error in page.error] == ["No numbers: give some."]
    assert not page.button
