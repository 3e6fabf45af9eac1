import os
from pathlib import Path
from typing import Any

import pytest

from training.lab.queue import Active, Turn, active_runs, busy, in_order, next_ones, note_served, turns, workers
from training.runs.config import TrainConfig
from training.runs.run_folder import Status
from training.runs.run_writer import mark_ended, queue_run
from training.system.errors import UserError


def active(name: str, state: Any, *, queued: float = 0.0, step: int = 0, steps: int = 100) -> Active:
    return Active(name, Status(state=state, step=step, steps=steps, queued=queued))


def seconds_left(run: Active) -> float:
    """At one step a second."""
    return float(run.status.steps - run.status.step)


RUNS = [
    active("late", "queued", queued=3.0, steps=7),
    active("trains", "running", step=40),
    active("rests", "paused"),
    active("early", "queued", queued=1.0, steps=30),
    active("between", "queued", queued=2.0, steps=20),
]


def test_first_come_first_served() -> None:
    assert [run.id for run in in_order(RUNS)] == ["early", "between", "late"]
    assert [run.id for run in busy(RUNS)] == ["trains"]


def test_each_that_waits_knows_its_turn_and_when_it_starts() -> None:
    assert turns(RUNS, 1, seconds_left) == {"early": Turn(0, 60), "between": Turn(1, 90), "late": Turn(2, 110)}
    assert turns(RUNS, 2, seconds_left) == {"early": Turn(0, 0), "between": Turn(1, 30), "late": Turn(2, 50)}


def test_nobody_knows_behind_a_run_whose_speed_nobody_knows() -> None:
    def unknown(run: Active) -> float | None:
        return None if run.id == "between" else seconds_left(run)

    assert turns(RUNS, 1, unknown) == {"early": Turn(0, 60), "between": Turn(1, 90), "late": Turn(2, None)}
    assert turns(RUNS, 1, lambda run: None)["early"] == Turn(0, None)


def test_there_are_as_many_places_as_cores_but_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("ELBO_LAB_WORKERS", raising=False)
    assert workers() >= 1
    monkeypatch.setenv("ELBO_LAB_WORKERS", "7")
    assert workers() == 7
    for wrong in ("0", "-1", "many", "1.5"):
        monkeypatch.setenv("ELBO_LAB_WORKERS", wrong)
        with pytest.raises(UserError, match="whole number of trainings from 1"):
            workers()


A, B = Path("runs/@" + "a" * 20), Path("runs/@" + "b" * 20)


def owned(place: Path, name: str, state: Any = "queued", *, queued: float = 0.0, served: float = 0.0) -> Active:
    return Active(name, Status(state=state, steps=100, queued=queued), place / name, served)


def test_people_take_turns_however_many_runs_one_of_them_queues() -> None:
    many = [owned(A, f"a{number}", queued=number) for number in range(4)]
    assert [run.id for run in in_order([*many, owned(B, "b0", queued=9.0), owned(B, "b1", queued=10.0)])] == [
        "a0",
        "b0",
        "a1",
        "b1",
        "a2",
        "a3",
    ]


def test_next_is_whoever_has_the_fewest_under_way_then_whoever_was_served_longest_ago() -> None:
    waits = [owned(A, "a", queued=1.0, served=5.0), owned(B, "b", queued=2.0, served=4.0)]
    assert [run.id for run in in_order(waits)] == ["b", "a"]
    assert [run.id for run in in_order([*waits, owned(B, "trains", "running")])] == ["a", "b"]


def test_forty_runs_of_one_are_no_wait_for_another(runs_folder: Path, brief: TrainConfig) -> None:
    """With one place, and each run done before the next starts, both get every second place."""
    for place, names in ((runs_folder / A.name, "abcd"), (runs_folder / B.name, "xyz")):
        for name in names:
            queue_run(place / name, brief)
    started = list[str]()
    while waiting := in_order(active_runs(runs_folder)):
        run = waiting[0]
        note_served(run.path)
        os.utime(run.path.parent / ".served", (len(started) + 1.0,) * 2)
        mark_ended(run.path, "finished")
        started.append(run.id)
    assert "".join(started) == "axbyczd"


def test_a_workspace_may_have_so_many_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = in_order([*(owned(A, f"a{number}") for number in range(3)), owned(B, "b")])
    assert [run.id for run in next_ones(waiting, [], 3)] == ["a0", "b", "a1"]
    monkeypatch.setenv("ELBO_LAB_WORKSPACE_AT_ONCE", "1")
    assert [run.id for run in next_ones(waiting, [], 3)] == ["a0", "b"]
    assert [run.id for run in next_ones(waiting, [owned(A, "trains", "running")], 3)] == ["b"]
    assert next_ones(waiting, [], 0) == []
