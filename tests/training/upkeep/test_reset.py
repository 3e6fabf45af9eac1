"""Upkeep: for who keeps the server alone; a reset is undone whole; only what nobody uses is swept."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from training.classroom import rooms
from training.lab.launch import Launcher
from training.people.places import place_of
from training.people.viewer import Viewer, viewing
from training.people.workspaces import change_workspace
from training.runs.config import TrainConfig
from training.runs.run_folder import read_status
from training.runs.run_writer import mark_ended, queue_run
from training.system.errors import UserError
from training.system.jobs import Jobs
from training.upkeep.reset import delete_aside, put_back, reset, set_aside, sets_aside, stop_all
from training.upkeep.sweeping import DAY, sweep_workspaces
from training.upkeep.usage import everybodys_runs, is_in_charge, usages

ANNE, BERT, HOST = ("@" + letter * 20 for letter in "abc")
teacher = Viewer(HOST, "teacher")


@pytest.fixture
def launcher(monkeypatch: pytest.MonkeyPatch) -> Launcher:
    monkeypatch.setattr(Launcher, "serve", lambda self, folder: False)
    return Launcher(Jobs())


def ended_run(path: Path, config: TrainConfig) -> None:
    queue_run(path, config)
    mark_ended(path, "stopped")


@pytest.fixture
def visited(runs_folder: Path, brief: TrainConfig) -> Path:
    """Anne has an ended run, Bert's waits; the teacher and the machine have one each; a room has two guesses."""
    for owner, name in ((ANNE, "vae-1"), (HOST, "vae-3"), ("", "vae-4")):
        ended_run(place_of(owner) / name, brief)
    queue_run(place_of(BERT) / "vae-2", brief)
    change_workspace(ANNE, admitted="x")
    code = rooms.open_room(HOST)
    asked = rooms.ask(code, HOST, "beta", "which?", ["a", "b"])
    rooms.guess(code, ANNE, asked.number, "a")
    rooms.guess(code, BERT, asked.number, "b")
    return runs_folder


def files_in(folder: Path) -> dict[str, bytes]:
    found = [each for each in folder.rglob("*") if each.is_file() and "rooms.sqlite" not in each.name]
    return {each.relative_to(folder).as_posix(): each.read_bytes() for each in found if each.name != ".lock"}


REFUSED: dict[str, Callable[[Launcher], object]] = {
    "look at everybody's disk": lambda _: usages(),
    "look at the queue": lambda _: everybodys_runs(),
    "stop all": stop_all,
    "reset": reset,
    "look at what is aside": lambda _: sets_aside(),
    "put back": lambda _: put_back("20260101-000000"),
    "delete what is aside": lambda _: delete_aside("20260101-000000"),
}


@pytest.mark.parametrize("attempt", REFUSED.values(), ids=REFUSED)
def test_without_the_key_nothing_is_seen_or_done(
    visited: Path, launcher: Launcher, attempt: Callable[[Launcher], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    with viewing(teacher):
        set_aside([ANNE])
    before = files_in(visited)
    for somebody in (Viewer(BERT), Viewer(BERT, links={f"{ANNE}/vae-1": "t" * 22})):
        with viewing(somebody), pytest.raises(UserError, match="for the teacher alone"):
            attempt(launcher)
    monkeypatch.setenv("ELBO_LAB_TEACHER_KEY", "chalk and blackboard")
    with viewing(Viewer(BERT, local=True)), pytest.raises(UserError, match="for the teacher alone"):
        attempt(launcher)
    assert files_in(visited) == before


def test_who_sits_at_the_machine_is_the_teacher_where_there_is_no_key() -> None:
    assert is_in_charge(Viewer(BERT, local=True))
    assert not is_in_charge(Viewer(BERT))


def test_the_teacher_sees_who_takes_what(visited: Path) -> None:
    with viewing(teacher):
        found = {usage.owner: usage for usage in usages()}
        assert [run.id for run in everybodys_runs()] == ["vae-2"]
    assert {owner: (usage.runs, usage.active) for owner, usage in found.items()} == {
        ANNE: (1, 0),
        BERT: (1, 1),
        HOST: (1, 0),
        "": (1, 0),
    }
    assert all(usage.megabytes > 0 for usage in found.values())


def test_a_reset_is_undone_whole(visited: Path, launcher: Launcher) -> None:
    with viewing(teacher):
        anne = files_in(visited / ANNE)
        done = reset(launcher)
        assert (done.workspaces, done.rooms) == (2, 1)
        assert sorted(each.name for each in visited.iterdir() if each.name[0] != ".") == [HOST, "vae-4"]
        assert rooms.room_of(HOST) == ""
        new = rooms.open_room(ANNE)
        rooms.guess(new, BERT, rooms.ask(new, ANNE, "labels", "how many?", ["1", "2"]).number, "2")
        assert sets_aside() == [done]
        assert put_back(done.name) == 0
        assert sets_aside() == []
    assert files_in(visited / ANNE) == anne
    status = read_status(visited / BERT / "vae-2")
    assert status is not None
    assert status.state == "stopped"
    (tally,) = rooms.tallies(rooms.room_of(HOST))
    assert tally.counts == {"a": 1, "b": 1}
    (other,) = rooms.tallies(new)
    assert other.counts == {"1": 0, "2": 1}


def test_what_is_new_meanwhile_is_not_overwritten(visited: Path, brief: TrainConfig) -> None:
    with viewing(teacher):
        done = set_aside([ANNE])
        ended_run(place_of(ANNE) / "vae-9", brief)
        change_workspace(ANNE, admitted="new")
        assert put_back(done.name) == 1  # the old workspace.json
        assert sorted(each.name for each in (visited / ANNE).iterdir() if each.is_dir()) == ["vae-1", "vae-9"]
        assert '"new"' in (visited / ANNE / "workspace.json").read_text()
        delete_aside(done.name)
        assert sets_aside() == []


@pytest.mark.parametrize("name", ["", "..", ".", "../..", "20260101-000000", "@" + "a" * 20])
def test_no_name_leads_out_of_what_is_aside(visited: Path, name: str) -> None:
    before = files_in(visited)
    with viewing(teacher):
        for work in (put_back, delete_aside):
            with pytest.raises(UserError, match="Nothing of this name"):
                work(name)
    assert files_in(visited) == before


def test_only_what_nobody_uses_is_swept(visited: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert sweep_workspaces() == []
    later = time.time() + 200 * DAY
    assert sorted(sweep_workspaces(later)) == [ANNE, HOST]  # Bert's run waits
    with viewing(teacher):
        (aside,) = sets_aside()
        assert put_back(aside.name) == 0
    monkeypatch.setenv("ELBO_LAB_SERVER_KEPT_DAYS", "0")
    monkeypatch.setenv("ELBO_LAB_SERVER_WORKSPACES_MB", "0.001")
    assert sweep_workspaces() == []  # used today
    old = time.time() - 20 * DAY
    for each in [visited / ANNE, *(visited / ANNE).rglob("*")]:
        os.utime(each, (old, old))
    assert sweep_workspaces() == [ANNE]
    assert not (visited / ANNE).exists()
    assert (visited / HOST / "vae-3").is_dir()
