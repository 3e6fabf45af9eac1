import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.patience import PATIENCE, until
from training.checkpoints.reading import load_checkpoint
from training.runs.config import TrainConfig
from training.runs.run_folder import Run, RunWriter
from training.runs.worker import train_into
from training.system.errors import UserError
from training.system.jobs import Job, Jobs


@pytest.fixture
def jobs() -> Iterator[Jobs]:
    registry = Jobs()
    yield registry
    registry.stop_all()


@pytest.fixture
def endless(brief: TrainConfig) -> TrainConfig:
    return brief.model_copy(update={"steps": 1_000_000})


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
        assert (job.state, job.error) == ("failed", "Adding broke off unexpectedly (ZeroDivisionError): try again.")
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


class TestTraining:
    def test_a_training_fills_its_run_folder(self, jobs: Jobs, brief: TrainConfig, runs_folder: Path) -> None:
        run = jobs.start_training(brief)
        assert run.path.parent == runs_folder
        assert ended(jobs.training_job(run.id)).state == "done"
        assert (run.status().state, run.status().step) == ("finished", 60)
        assert load_checkpoint(run.path).step == 60

    def test_a_training_stops_where_it_is_and_keeps_its_weights(self, jobs: Jobs, endless: TrainConfig) -> None:
        run = jobs.start_training(endless)
        until(lambda: bool(run.metrics().steps))
        job = jobs.training_job(run.id)
        assert job is not None
        job.stop()
        ended(job)
        assert run.status().state == "stopped"
        assert load_checkpoint(run.path).step == run.status().step > 0

    @pytest.mark.usefixtures("quiet_machine")
    def test_starting_and_stopping_take_a_moment(self, jobs: Jobs, endless: TrainConfig) -> None:
        ended(jobs.training_job(jobs.start_training(endless.model_copy(update={"steps": 1})).id))  # loads the data
        begun = time.monotonic()
        run = jobs.start_training(endless)
        started = time.monotonic() - begun
        until(lambda: bool(run.metrics().steps))
        begun = time.monotonic()
        job = jobs.training_job(run.id)
        assert job is not None
        job.stop()
        ended(job)
        assert max(started, time.monotonic() - begun) < 3

    def test_one_training_at_a_time(self, jobs: Jobs, endless: TrainConfig) -> None:
        run = jobs.start_training(endless)
        for again in (lambda: jobs.start_training(endless), lambda: jobs.resume_training(run)):
            with pytest.raises(UserError, match="one at a time"):
                again()
        ended_job = jobs.training_job(run.id)
        assert ended_job is not None
        ended_job.stop()
        ended(ended_job)
        assert ended(jobs.training_job(jobs.start_training(endless.model_copy(update={"steps": 1})).id)).state == "done"

    def test_two_starts_in_the_same_moment_give_one_run(self, jobs: Jobs, endless: TrainConfig) -> None:
        outcomes: list[object] = []

        def start() -> None:
            try:
                outcomes.append(jobs.start_training(endless))
            except UserError as error:
                outcomes.append(error)

        pages = [threading.Thread(target=start) for _ in range(4)]
        for page in pages:
            page.start()
        for page in pages:
            page.join()
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Run", *["UserError"] * 3]

    def test_a_training_stopped_before_its_turn_says_so(self, jobs: Jobs, endless: TrainConfig) -> None:
        with jobs._turns["training"]:
            run = jobs.start_training(endless)
            job = jobs.training_job(run.id)
            assert job is not None
            job.stop()
        ended(job)
        assert (run.status().state, run.status().step) == ("stopped", 0)
        assert run.resume_state()["step"] == 0

    def test_a_stopped_training_goes_on_to_the_same_weights(
        self, jobs: Jobs, brief: TrainConfig, tmp_path: Path
    ) -> None:
        asked = iter(range(23))
        train_into(RunWriter(tmp_path / "runs" / "vae-7", brief), should_stop=lambda: next(asked, None) is None)
        run = jobs.resume_training(Run.named("vae-7"))
        assert ended(jobs.training_job("vae-7")).state == "done"
        assert (run.status().state, run.status().step) == ("finished", 60)
        train_into(RunWriter(tmp_path / "whole", brief))
        whole = load_checkpoint(tmp_path / "whole").state
        assert all(torch.equal(value, whole[name]) for name, value in load_checkpoint(run.path).state.items())

    def test_what_cannot_go_on_is_refused(self, jobs: Jobs, brief: TrainConfig) -> None:
        run = jobs.start_training(brief)
        ended(jobs.training_job(run.id))
        with pytest.raises(UserError, match="has done all its steps"):
            jobs.resume_training(run)
        run.path.joinpath("resume.pt").unlink()
        run.path.joinpath("status.json").unlink()
        with pytest.raises(UserError, match="kept no state"):
            jobs.resume_training(run)
        assert jobs.active("training") == []

    def test_a_training_that_fails_says_why_in_both_places(self, jobs: Jobs, brief: TrainConfig) -> None:
        run = jobs.start_training(brief.model_copy(update={"data": "mnist"}))
        job = ended(jobs.training_job(run.id))
        assert (job.state, run.status().state) == ("failed", "failed")
        assert job.error == run.status().message
        assert "python -m training download" in job.error

    def test_a_runs_folder_that_cannot_be_written_starts_nothing(
        self, jobs: Jobs, brief: TrainConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "file").write_text("in the way")
        monkeypatch.setenv("ELBO_LAB_RUNS", str(tmp_path / "file"))
        with pytest.raises(UserError, match="cannot be written"):
            jobs.start_training(brief)
        assert jobs.active("training") == []
