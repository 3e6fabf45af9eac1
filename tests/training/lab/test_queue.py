from pathlib import Path
from typing import Any

import pytest

from training.lab.queue import Active, Turn, busy, in_order, turns, workers
from training.runs.run_folder import Status
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
