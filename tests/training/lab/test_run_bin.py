import time
from pathlib import Path

import pytest

from training.lab.run_bin import KEPT_SECONDS, binned_runs, empty_bin, restore_run, throw_away
from training.lab.run_index import active_run, every_run, run_ids
from training.lab.run_notes import change_notes, read_notes
from training.runs.run_folder import Status
from training.system.errors import UserError


def made(folder: Path, name: str, state: str = "finished") -> Path:
    path = folder / name
    (path / "grids").mkdir(parents=True)
    (path / "config.json").write_text("{}")
    status = Status.model_validate({"state": state, "steps": 9, "updated": time.time()})
    (path / "status.json").write_text(status.model_dump_json())
    return path


def test_a_deleted_run_is_in_the_bin_alone_until_it_is_restored(tmp_path: Path) -> None:
    path, other = made(tmp_path, "vae-1"), made(tmp_path, "vae-2")
    change_notes(path, name="mine")
    throw_away(path)
    assert run_ids(tmp_path) == ["vae-2"]
    assert list(binned_runs(tmp_path)) == ["vae-1"]
    assert set(every_run(tmp_path)) == {"vae-1", "vae-2"}
    restore_run(path)
    assert set(run_ids(tmp_path)) == {"vae-1", "vae-2"}
    assert binned_runs(tmp_path) == {}
    assert read_notes(path).name == "mine"
    with pytest.raises(UserError, match="vae-2 is not in the bin"):
        restore_run(other)


@pytest.mark.parametrize("state", ["queued", "running"])
def test_a_run_that_trains_is_not_deleted(tmp_path: Path, state: str) -> None:
    path = made(tmp_path, "vae-1", state)
    with pytest.raises(UserError, match="vae-1 is training now: stop it first"):
        throw_away(path)
    assert active_run(tmp_path) == "vae-1"


def test_the_bin_is_emptied_of_what_is_old_and_of_nothing_that_trains(tmp_path: Path) -> None:
    kept, old, new = (made(tmp_path, name) for name in ("kept", "old", "new"))
    resumed = made(tmp_path, "resumed", "running")
    change_notes(old, binned=time.time() - KEPT_SECONDS - 5)
    change_notes(resumed, binned=time.time() - KEPT_SECONDS - 5)
    throw_away(new)
    assert next(iter(binned_runs(tmp_path))) == "new"
    assert set(binned_runs(tmp_path)) == {"new", "old", "resumed"}
    assert empty_bin(tmp_path, older_than=KEPT_SECONDS) == ["old"]
    assert not old.exists()
    assert empty_bin(tmp_path) == ["new"]
    assert kept.is_dir()
    assert resumed.is_dir()


def test_a_link_in_the_bin_is_deleted_and_not_what_it_leads_to(tmp_path: Path) -> None:
    elsewhere = made(tmp_path / "elsewhere", "vae-1")
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "link").symlink_to(elsewhere)
    throw_away(tmp_path / "runs" / "link")
    assert empty_bin(tmp_path / "runs") == ["link"]
    assert (elsewhere / "config.json").is_file()
    assert not (tmp_path / "runs" / "link").exists()
