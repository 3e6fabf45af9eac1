"""The table of rights, and that whoever lists, opens or changes runs asks it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from training.checkpoints.model_ref import model_ref, run_called
from training.lab.fork import make_fork
from training.lab.launch import Launcher
from training.lab.run_bin import binned_runs, empty_bin, restore_run, throw_away
from training.lab.run_index import active_run, readable_runs, run_ids
from training.lab.run_notes import change_notes
from training.lab.run_summaries import run_summaries
from training.people.places import owner_of, place_of
from training.people.rights import find_run, may, own_place, require, run_folder, share_run, visible_runs
from training.people.sharing import change_share
from training.people.viewer import MACHINE, Viewer, viewer, viewing
from training.people.workspaces import open_link, workspace_of
from training.runs.config import TrainConfig
from training.runs.control import ask
from training.runs.run_folder import Run, new_run_id
from training.runs.run_writer import queue_run
from training.system.errors import UserError
from training.system.jobs import Jobs

ANNE, BERT = "@" + "a" * 20, "@" + "b" * 20
anne, bert = Viewer(ANNE), Viewer(BERT)
at_the_machine, teacher = Viewer(BERT, local=True), Viewer(BERT, "teacher")


@pytest.fixture
def runs(runs_folder: Path, brief: TrainConfig) -> dict[str, Path]:
    """A run of the machine and one of Anne's, both waiting for their turn."""
    paths = {"machine": runs_folder / "vae-1", "anne": place_of(ANNE) / "vae-2"}
    for path in paths.values():
        queue_run(path, brief)
    return paths


def link_of(run: Path) -> Viewer:
    """Bert, after he opened the share link of a run."""
    token = change_share(run, link=True).token
    return Viewer(BERT, links={f"{owner_of(run)}/{run.name}": token})


def test_the_table_of_rights(runs: dict[str, Path]) -> None:
    def rights(somebody: Viewer, run: str) -> str:
        return "".join(action[0] for action in ("see", "fork", "change") if may(somebody, action, runs[run]))

    assert [rights(each, "machine") for each in (anne, bert, at_the_machine, teacher, MACHINE)] == [
        "sf",
        "sf",
        "sfc",
        "sfc",
        "sfc",
    ]
    assert [rights(each, "anne") for each in (anne, bert, at_the_machine, teacher, MACHINE)] == [
        "sfc",
        "",
        "",
        "sfc",
        "sfc",
    ]
    with_link = link_of(runs["anne"])
    assert (rights(with_link, "anne"), rights(bert, "anne")) == ("s", "")
    change_share(runs["anne"], published=True)
    assert rights(bert, "anne") == "s"
    change_share(runs["anne"], forks=True)
    assert rights(bert, "anne") == "sf"
    change_share(runs["anne"], published=False)
    assert (rights(with_link, "anne"), rights(bert, "anne")) == ("sf", "")
    change_share(runs["anne"], link=False)
    assert rights(with_link, "anne") == ""


def test_everybody_lists_what_they_may_see(runs: dict[str, Path]) -> None:
    def listed(somebody: Viewer) -> set[str]:
        with viewing(somebody):
            assert {run.id for run in readable_runs()} == {run.id for run in run_summaries()} == set(run_ids())
            return set(run_ids())

    assert listed(anne) == listed(teacher) == listed(MACHINE) == {"vae-1", "vae-2"}
    assert listed(bert) == listed(at_the_machine) == {"vae-1"}
    assert listed(link_of(runs["anne"])) == {"vae-1", "vae-2"}
    change_share(runs["anne"], published=True)
    assert listed(bert) == {"vae-1", "vae-2"}


def test_a_run_that_is_not_to_be_seen_is_as_absent_as_one_that_is_not_there(runs: dict[str, Path]) -> None:
    with viewing(bert):
        for run_id in ("vae-2", "vae-3"):
            assert find_run(run_id) is None
            assert run_called(f"run {run_id}") is None
            assert model_ref("run", run_id).family == ""
            assert not model_ref("run", run_id).path.exists()
            with pytest.raises(UserError, match=f"^{run_id} holds no training run that can be read: choose another.$"):
                Run.named(run_id)
            with pytest.raises(UserError, match=f"^{run_id} holds no training run that can be read: choose another.$"):
                run_folder(run_id, "change")
        assert active_run() == "vae-1"
    with viewing(anne):
        assert Run.named("vae-2").path == runs["anne"]
        assert active_run() == "vae-2"  # the own one first


ATTEMPTS: dict[str, Callable[[Run, Launcher], object]] = {
    "pause": lambda run, _: ask(run.path, "pause"),
    "go on": lambda run, _: ask(run.path, "go"),
    "one step": lambda run, _: ask(run.path, "step"),
    "slow down": lambda run, _: ask(run.path, "pace", 2.0),
    "another learning rate": lambda run, _: ask(run.path, "learning_rate", 0.1),
    "another KL weight": lambda run, _: ask(run.path, "kl_weight", 4.0),
    "stop": lambda run, launcher: launcher.stop(run),
    "resume": lambda run, launcher: launcher.resume(run),
    "fork": lambda run, launcher: launcher.fork(run, 60, {"steps": 3}),
    "fork by a command": lambda run, _: make_fork(run, 60, {"steps": 3}),
    "rename": lambda run, _: change_notes(run.path, name="mine"),
    "annotate": lambda run, _: change_notes(run.path, note="mine", tags=["mine"]),
    "delete": lambda run, _: throw_away(run.path),
    "restore": lambda run, _: restore_run(run.path),
    "open to control": lambda run, _: run_folder(run.id, "change"),
    "publish": lambda run, _: share_run(run.path, published=True, forks=True),
    "take the link back": lambda run, _: share_run(run.path, link=False),
}


@pytest.mark.parametrize("attempt", ATTEMPTS.values(), ids=ATTEMPTS)
def test_nobody_touches_anothers_run(
    runs: dict[str, Path], attempt: Callable[[Run, Launcher], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Launcher, "serve", lambda self, folder: False)
    run, launcher = Run(runs["anne"]), Launcher(Jobs())
    before = {file: file.read_bytes() for file in run.path.rglob("*") if file.is_file() and file.name != ".lock"}
    readers = [bert, at_the_machine, link_of(run.path)]
    change_share(run.path, published=True)
    for somebody in [*readers, bert]:
        with viewing(somebody), pytest.raises(UserError):
            attempt(run, launcher)
    after = {file: file.read_bytes() for file in run.path.rglob("*") if file.is_file() and file.name != ".lock"}
    assert after == before


def test_a_bin_holds_what_is_ones_own(runs: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    for path in runs.values():
        change_notes(path, binned=1.0)
        (path / "status.json").unlink()
    for somebody in (bert, at_the_machine):
        with viewing(somebody):
            assert "vae-2" not in binned_runs()
            assert "vae-2" not in empty_bin(older_than=1e18)
    with viewing(bert):
        assert empty_bin() == []
    assert all(path.is_dir() for path in runs.values())
    with viewing(anne):
        assert empty_bin() == ["vae-2"]
    assert runs["machine"].is_dir()


def test_new_runs_belong_to_whoever_asks_and_no_id_is_given_twice(
    runs: dict[str, Path], brief: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Launcher, "serve", lambda self, folder: False)
    launcher = Launcher(Jobs())
    ids = []
    for somebody in (anne, bert, MACHINE):
        with viewing(somebody):
            (run_id,) = launcher.train(brief)
            assert Run.named(run_id).path.parent == own_place() == place_of(somebody.owner)
            ids.append(run_id)
    assert len(set(ids)) == 3
    assert new_run_id("vae", place_of(ANNE)) not in ids


def test_a_name_that_is_there_twice_is_the_own_one_first(runs: dict[str, Path], brief: TrainConfig) -> None:
    queue_run(place_of(BERT) / "vae-2", brief)
    change_share(runs["anne"], published=True)
    with viewing(bert):
        assert find_run("vae-2") == place_of(BERT) / "vae-2"
        assert [path.name for path in visible_runs()].count("vae-2") == 1
    with viewing(anne):
        assert find_run("vae-2") == runs["anne"]


@pytest.mark.parametrize("run_id", [f"{ANNE}/vae-2", f"../{ANNE}/vae-2", ANNE, "..", "", ".secret", "vae-2/../vae-2"])
def test_an_id_is_never_a_way_into_a_workspace(runs: dict[str, Path], run_id: str) -> None:
    with viewing(bert):
        assert find_run(run_id) is None
        assert not model_ref("run", run_id).path.exists()
        with pytest.raises(UserError):
            Run.named(run_id)


def test_a_share_link_opens_its_run_and_no_other(runs: dict[str, Path], brief: TrainConfig) -> None:
    queue_run(place_of(ANNE) / "vae-3", brief)
    token = change_share(runs["anne"], link=True).token
    assert not open_link(BERT, "vae-3", token)
    assert not open_link(BERT, "vae-2", token[:-1] + ("A" if token[-1] != "A" else "B"))
    assert not open_link(BERT, "vae-2", "")
    assert not open_link(BERT, "../vae-2", token)
    assert not open_link(BERT, "vae-2", None)
    assert workspace_of(BERT).links == {}
    assert open_link(BERT, "vae-2", token)
    with viewing(Viewer(BERT, links=workspace_of(BERT).links)):
        assert set(run_ids()) == {"vae-1", "vae-2"}
        with pytest.raises(UserError, match="not yours"):
            require("change", runs["anne"])
    change_share(runs["anne"], link=False)
    assert change_share(runs["anne"], link=True).token != token
    with viewing(Viewer(BERT, links=workspace_of(BERT).links)):
        assert run_ids() == ["vae-1"]


def test_a_linked_folder_is_no_workspace(runs: dict[str, Path], runs_folder: Path) -> None:
    (runs_folder / BERT).symlink_to(runs_folder / ANNE)
    with viewing(MACHINE):
        assert all(path.parent.name != BERT for path in visible_runs())


def test_outside_of_a_page_the_machine_asks() -> None:
    assert viewer() == MACHINE
    with viewing(anne):
        assert viewer() == anne
    assert viewer() == MACHINE
