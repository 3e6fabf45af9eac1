"""Rooms: the right tally of many guesses, each visitor once, nothing that leads back to anybody."""

import sqlite3
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.classroom import rooms
from training.classroom.database import DATABASE
from training.system.errors import UserError

OPTIONS = ("below 60", "60 to 70", "above 70")
TEACHER = "@" + "a" * 20


def visitor(number: int) -> str:
    return f"@{number:020x}"


@pytest.fixture
def code(runs_folder: Path) -> str:
    return rooms.open_room(TEACHER)


def asked(code: str, text: str = "how many?") -> rooms.Asked:
    return rooms.ask(code, TEACHER, "labels", text, OPTIONS)


def test_forty_guesses_at_once_make_the_right_tally_and_nothing_personal_is_kept(code: str, runs_folder: Path) -> None:
    question = asked(code)
    guesses = [OPTIONS[number % 7 % 3] for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda each: rooms.guess(code, visitor(each[0]), question.number, each[1]), enumerate(guesses)))
    found = rooms.tally(question.number)
    assert found is not None
    assert found.counts == Counter(guesses)
    assert list(found.counts) == list(OPTIONS)
    assert found.total == 40
    kept = b"".join(file.read_bytes() for file in runs_folder.glob(f"{DATABASE}*"))
    assert kept
    assert not [number for number in range(40) if visitor(number).encode() in kept]
    assert TEACHER.encode() not in kept
    with sqlite3.connect(runs_folder / DATABASE) as base:
        columns = {
            row[1] for table in ("room", "question", "guess") for row in base.execute(f"PRAGMA table_info({table})")
        }
    assert columns == {
        "code", "host", "opened", "used", "question", "id", "page", "text", "options", "closed", "mark", "option",
    }  # fmt: skip


def test_the_same_visitor_has_another_mark_in_another_room(code: str) -> None:
    other = rooms.open_room(visitor(99))
    first, second = asked(code), rooms.ask(other, visitor(99), "labels", "how many?", OPTIONS)
    rooms.guess(code, visitor(1), first.number, OPTIONS[0])
    rooms.guess(other, visitor(1), second.number, OPTIONS[0])
    with rooms.opened() as base:
        assert len({row[0] for row in base.execute("SELECT mark FROM guess")}) == 2


def test_a_guess_may_change_until_the_question_is_closed(code: str) -> None:
    question = asked(code)
    rooms.guess(code, visitor(1), question.number, OPTIONS[0])
    rooms.guess(code, visitor(1), question.number, OPTIONS[2])
    assert rooms.own_guess(code, visitor(1), question.number) == OPTIONS[2]
    rooms.close(code, TEACHER)
    with pytest.raises(UserError, match="closed"):
        rooms.guess(code, visitor(1), question.number, OPTIONS[0])
    found = rooms.tally(question.number)
    assert found is not None
    assert found.counts == {OPTIONS[0]: 0, OPTIONS[1]: 0, OPTIONS[2]: 1}
    assert asked(code).number == question.number  # asked again it is open, with its guesses
    rooms.guess(code, visitor(2), question.number, OPTIONS[0])


def test_only_the_host_asks_closes_and_ends(code: str) -> None:
    question = asked(code)
    for forbidden in (
        lambda: rooms.ask(code, visitor(1), "labels", "mine", OPTIONS),
        lambda: rooms.close(code, visitor(1)),
        lambda: rooms.end_room(code, visitor(1)),
    ):
        with pytest.raises(UserError, match="Only who opened"):
            forbidden()
    rooms.end_room(code, TEACHER)
    assert rooms.tally(question.number) is None
    with pytest.raises(UserError, match="no room with this code"):
        rooms.now_asked(code)


@pytest.mark.parametrize("option", ["", "below 61", "<b>", "x" * 10_000])
def test_a_forged_guess_is_refused(code: str, option: str) -> None:
    question = asked(code)
    with pytest.raises(UserError, match="none of the question's options"):
        rooms.guess(code, visitor(1), question.number, option)
    with pytest.raises(UserError, match="no room"):
        rooms.guess(rooms.open_room(visitor(7)), visitor(1), question.number, OPTIONS[0])
    with pytest.raises(UserError, match="no room"):
        rooms.guess(code, visitor(1), question.number + 1, OPTIONS[0])


def test_everything_is_bounded(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "MOST_GUESSES", 3)
    monkeypatch.setattr(rooms, "MOST_QUESTIONS", 2)
    monkeypatch.setattr(rooms, "MOST_ROOMS", 2)
    question = asked(code)
    for number in range(3):
        rooms.guess(code, visitor(number), question.number, OPTIONS[0])
    with pytest.raises(UserError, match="is full"):
        rooms.guess(code, visitor(3), question.number, OPTIONS[0])
    rooms.guess(code, visitor(0), question.number, OPTIONS[1])  # who is in may change
    asked(code, "another")
    with pytest.raises(UserError, match="holds 2 questions"):
        asked(code, "a third")
    rooms.open_room(visitor(1))
    with pytest.raises(UserError, match="2 rooms"):
        rooms.open_room(visitor(2))
    with pytest.raises(UserError, match="at most"):
        asked(code, "x" * 301)


def test_a_workspace_finds_its_room_again_and_old_rooms_go(code: str) -> None:
    assert rooms.open_room(TEACHER) == code == rooms.room_of(TEACHER)
    assert rooms.is_host(code, TEACHER)
    assert not rooms.is_host(code, visitor(1))
    with rooms.opened() as base:
        base.execute("UPDATE room SET used = 0")
    assert rooms.open_room(visitor(1)) != code
    assert rooms.room_of(TEACHER) == ""


@given(st.text(max_size=12))
def test_what_somebody_types_is_a_code_or_none(text: str) -> None:
    found = rooms.as_code(text)
    assert found == "" or (len(found) == rooms.CODE_LENGTH and set(found) <= set(rooms.LETTERS))
    assert rooms.as_code(found) == found


def test_a_code_is_read_however_it_is_typed() -> None:
    assert rooms.as_code(" ab-c 23 ") == "ABC23"
    assert rooms.as_code("ABCO2") == ""


def test_a_damaged_database_is_one_sentence(runs_folder: Path) -> None:
    runs_folder.mkdir(parents=True, exist_ok=True)
    (runs_folder / DATABASE).write_bytes(b"no database" * 1000)
    with pytest.raises(UserError, match="cannot be read or written"):
        rooms.open_room(TEACHER)
