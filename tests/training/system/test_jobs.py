import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch

import training.system.jobs
from tests.patience import PATIENCE, until
from training.system.errors import UserError
from training.system.folders import PROJECT
from training.system.jobs import Job, Jobs


@pytest.fixture
def jobs() -> Iterator[Jobs]:
    registry = Jobs()
    yield registry
    registry.stop_all()


def ended(job: Job | None) -> Job:
    assert job is not None
    assert job.wait(PATIENCE)
    return job


def reporting(job: Job) -> None:
    """Work without an end of its own."""
    while True:
        job.report(0.5, "halfway")
        time.sleep(0.005)


def failing(error: Exception) -> Callable[[Job], Any]:
    def work(job: Job) -> Any:
        raise error

    return work


class TestOneJob:
    def test_a_result_is_kept_and_found_by_its_key(self, jobs: Jobs) -> None:
        job = ended(jobs.submit("sum", "Adding", lambda job: 3 + 4))
        assert (job.state, job.result, job.progress, job.error) == ("done", 7, 1.0, "")
        assert jobs.find("sum") is job
        assert jobs.find("product") is None

    def test_the_same_key_is_not_worked_on_twice(self, jobs: Jobs) -> None:
        times: list[int] = []
        first = jobs.submit("key", "Adding", lambda job: times.append(1))
        assert jobs.submit("key", "Adding", lambda job: times.append(2)) is first
        assert jobs.submit("key", "Adding", lambda job: times.append(3)) is ended(first)
        assert times == [1]

    def test_what_failed_or_was_stopped_is_started_anew(self, jobs: Jobs) -> None:
        failed = ended(jobs.submit("key", "Adding", failing(UserError("No numbers: give some."))))
        stopped = jobs.submit("key", "Adding", reporting)
        assert stopped is not failed
        stopped.stop()
        assert ended(stopped).state == "stopped"
        assert ended(jobs.submit("key", "Adding", lambda job: 7)).result == 7

    def test_progress_is_seen_and_a_stop_ends_it_at_its_next_report(self, jobs: Jobs) -> None:
        job = jobs.submit("key", "Adding", reporting)
        until(lambda: job.progress == 0.5)
        assert (job.state, job.message, job.active) == ("running", "halfway", True)
        job.stop()
        assert ended(job).state == "stopped"
        assert (job.active, job.result) == (False, None)

    def test_a_users_error_is_its_own_sentence(self, jobs: Jobs) -> None:
        job = ended(jobs.submit("key", "Adding", failing(UserError("No numbers: give some."))))
        assert (job.state, job.error) == ("failed", "No numbers: give some.")

    def test_an_unexpected_error_is_one_sentence_and_the_lane_goes_on(self, jobs: Jobs) -> None:
        job = ended(jobs.submit("key", "Adding", failing(ZeroDivisionError("secret\ndetails"))))
        assert (job.state, job.error) == ("failed", "Adding stopped unexpectedly (ZeroDivisionError): try again.")
        assert ended(jobs.submit("next", "Adding", lambda job: 7)).state == "done"


class TestLanes:
    def test_a_lane_does_one_job_at_a_time_in_the_order_they_came(self, jobs: Jobs) -> None:
        log: list[tuple[str, int]] = []

        def work(number: int) -> Callable[[Job], Any]:
            def do(job: Job) -> None:
                log.append(("begin", number))
                time.sleep(0.02)
                log.append(("end", number))

            return do

        for job in [jobs.submit(f"job {number}", "Counting", work(number)) for number in range(5)]:
            ended(job)
        assert log == [(what, number) for number in range(5) for what in ("begin", "end")]

    def test_many_that_wait_keep_their_order(self, jobs: Jobs) -> None:
        before, log = threading.Event(), list[int]()
        jobs.submit("before", "Waiting", lambda job: before.wait(PATIENCE))

        def work(number: int) -> Callable[[Job], Any]:
            return lambda job: log.append(number)

        waiting = [jobs.submit(f"job {number}", "Counting", work(number)) for number in range(50)]
        assert {job.state for job in waiting} == {"waiting"}
        before.set()
        ended(waiting[-1])
        assert log == list(range(50))

    def test_a_waiting_job_says_what_it_waits_for(self, jobs: Jobs) -> None:
        first, second, third = (jobs.submit(key, f"Measuring {key}", reporting) for key in ("a", "b", "c"))
        until(lambda: first.progress > 0)
        assert [jobs.ahead_of(job) for job in (first, second, third)] == [None, first, first]
        first.stop()
        until(lambda: second.progress > 0)
        assert [jobs.ahead_of(job) for job in (second, third)] == [None, second]

    def test_what_is_started_anew_is_the_newest(self, jobs: Jobs) -> None:
        ended(jobs.submit("first", "Adding", failing(UserError("No numbers: give some."))))
        second, again = (jobs.submit(key, "Measuring", reporting) for key in ("second", "first"))
        assert jobs.active("reading") == [second, again]

    def test_python_ends_without_waiting_for_work_that_never_reports(self) -> None:
        code = (
            "import threading; from training.system.jobs import Jobs; jobs = Jobs(); "
            "started = threading.Event();"
            "jobs.submit('a', 'Sleeping', lambda job: (started.set(), threading.Event().wait())); started.wait()"
        )
        done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, timeout=PATIENCE, capture_output=True)
        assert done.returncode == 0, done.stderr

    def test_lanes_do_not_wait_for_each_other(self, jobs: Jobs) -> None:
        long = jobs.submit("long", "Training", reporting, lane="training")
        assert ended(jobs.submit("short", "Measuring", lambda job: 7)).result == 7
        assert jobs.active("training") == [long]
        assert jobs.active("reading") == []

    def test_waiting_work_can_be_stopped(self, jobs: Jobs) -> None:
        first, second = (jobs.submit(key, "Measuring", reporting) for key in ("first", "second"))
        until(lambda: first.progress > 0)
        assert second.state == "waiting"
        second.stop()
        first.stop()
        assert ended(second).state == "stopped"

    def test_work_has_one_torch_thread(self, jobs: Jobs) -> None:
        assert ended(jobs.submit("threads", "Counting", lambda job: torch.get_num_threads())).result == 1

    def test_everything_is_stopped_at_once(self, jobs: Jobs) -> None:
        running = [jobs.submit("training", "Training", reporting, lane="training")]
        running += [jobs.submit(key, "Measuring", reporting) for key in ("first", "second")]
        jobs.stop_all()
        assert [job.state for job in running] == ["stopped"] * 3

    def test_old_results_are_forgotten_before_they_fill_the_memory(self, jobs: Jobs) -> None:
        for number in range(70):
            ended(jobs.submit(f"job {number}", "Counting", lambda job: 7))
        known = [number for number in range(70) if jobs.find(f"job {number}")]
        assert 60 < len(known) <= 65
        assert known[-1] == 69


class TestPeople:
    def test_people_take_turns(self, jobs: Jobs) -> None:
        before, log = threading.Event(), list[str]()
        jobs.submit("before", "Waiting", lambda job: before.wait(PATIENCE))

        def submit(owner: str, number: int) -> Job:
            return jobs.submit(f"{owner}{number}", "Counting", lambda job: log.append(job.key), owner=owner)

        waiting = [*(submit("a", number) for number in range(4)), submit("b", 0), submit("c", 0), submit("b", 1)]
        before.set()
        for job in waiting:
            ended(job)
        assert log == ["a0", "b0", "c0", "a1", "b1", "a2", "a3"]

    def test_forty_that_wait_are_one_thread(self, jobs: Jobs) -> None:
        def readers() -> list[threading.Thread]:
            return [thread for thread in set(threading.enumerate()) - others if thread.name.startswith("job-")]

        before, others = threading.Event(), set(threading.enumerate())
        waiting = [jobs.submit(str(number), "Waiting", lambda job: before.wait(PATIENCE)) for number in range(40)]
        assert len(readers()) == 1
        before.set()
        ended(waiting[-1])
        until(lambda: not readers())

    def test_what_nobody_waits_for_any_more_is_dropped(self, jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(training.system.jobs, "UNWANTED_SECONDS", 0.2)
        monkeypatch.setattr(training.system.jobs, "LOOK_SECONDS", 0.0)
        there = {"anne": True, "bert": True}
        running, waiting = (jobs.submit(key, "Measuring", reporting, owner=key) for key in there)
        running.wait_for("anne's tab", lambda: there["anne"])
        waiting.wait_for("anne's tab", lambda: there["anne"])
        waiting.wait_for("bert's tab", lambda: there["bert"])
        until(lambda: running.progress > 0)
        there["bert"] = False
        assert running.active
        there["anne"] = False
        assert (ended(running).state, ended(waiting).state) == ("stopped", "stopped")

    def test_a_moment_without_a_visitor_costs_no_work(self, jobs: Jobs) -> None:
        job = jobs.submit("key", "Measuring", reporting)
        job.wait_for("tab", lambda: False)
        time.sleep(0.05)
        assert job.active
