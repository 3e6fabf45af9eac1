from pathlib import Path

import pytest

from training.people import doors
from training.people.doors import enter, is_admitted, is_open, is_teacher, leave
from training.people.workspaces import workspace_of
from training.system.errors import UserError

ANNE, BERT = "@" + "a" * 20, "@" + "b" * 20


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doors, "SLOWED_SECONDS", 0.0)
    monkeypatch.setattr(doors, "_tries", {})


@pytest.fixture
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ELBO_LAB_TEACHER_KEY", "a long key")
    monkeypatch.setenv("ELBO_LAB_CLASS_PASSWORD", "cs236")


def test_without_keys_everybody_enters_and_nobody_teaches() -> None:
    assert is_admitted(ANNE)
    assert not is_teacher(ANNE)
    with pytest.raises(UserError, match="not the teacher's key"):
        enter(ANNE, "teacher", "")
    assert not is_teacher(ANNE)


@pytest.mark.usefixtures("_keys")
def test_a_key_opens_the_workspace_in_which_it_was_entered() -> None:
    assert not is_admitted(ANNE)
    with pytest.raises(UserError, match="not the password"):
        enter(ANNE, "class", "cs229")
    enter(ANNE, "class", " cs236 ")
    assert (is_admitted(ANNE), is_teacher(ANNE), is_admitted(BERT)) == (True, False, False)
    enter(BERT, "teacher", "a long key")
    assert (is_teacher(BERT), is_admitted(BERT), is_teacher(ANNE)) == (True, True, False)
    assert "long key" not in repr(workspace_of(BERT))
    leave(BERT, "teacher")
    assert not is_teacher(BERT)


@pytest.mark.usefixtures("_keys")
def test_another_workspaces_record_opens_nothing(runs_folder: Path) -> None:
    enter(ANNE, "teacher", "a long key")
    (runs_folder / BERT).mkdir()
    (runs_folder / BERT / "workspace.json").write_bytes((runs_folder / ANNE / "workspace.json").read_bytes())
    assert not is_teacher(BERT)


@pytest.mark.usefixtures("_keys")
def test_a_changed_key_closes_what_the_old_one_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    enter(ANNE, "teacher", "a long key")
    monkeypatch.setenv("ELBO_LAB_TEACHER_KEY", "another key")
    assert not is_teacher(ANNE)


@pytest.mark.usefixtures("_keys")
def test_guessing_is_slow_and_a_right_key_then_waits_too() -> None:
    for _ in range(doors.TRIES):
        with pytest.raises(UserError, match="not the teacher"):
            enter(ANNE, "teacher", "guess", "10.0.0.7")
    with pytest.raises(UserError, match="wait a minute"):
        enter(BERT, "teacher", "a long key", "10.0.0.7")
    enter(BERT, "teacher", "a long key", "10.0.0.8")


@pytest.mark.usefixtures("_keys")
def test_many_addresses_guess_no_faster() -> None:
    for number in range(doors.TRIES_OF_ALL):
        with pytest.raises(UserError, match="not the teacher"):
            enter(ANNE, "teacher", "guess", f"10.0.0.{number}")
    with pytest.raises(UserError, match="wait a minute"):
        enter(ANNE, "teacher", "guess", "10.0.1.1")


def test_a_key_may_stand_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ELBO_LAB_TEACHER_KEY_FILE", str(tmp_path / "key"))
    with pytest.raises(UserError, match="ELBO_LAB_TEACHER_KEY_FILE"):
        is_teacher(ANNE)
    (tmp_path / "key").write_text("out of a file\n")
    enter(ANNE, "teacher", "out of a file")
    assert is_teacher(ANNE)


def test_a_short_key_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ELBO_LAB_TEACHER_KEY", "1234567")
    with pytest.raises(UserError, match="less than 8"):
        is_open("teacher")
