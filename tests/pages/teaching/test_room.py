"""Room: opened by a teacher, joined by phones, asked on any page with a question; the tally is right and nameless."""

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.classroom import joining
from pages.classroom.tally import as_csv
from pages.kit.address import link
from tests.pages.conftest import text_of
from tests.pages.people.conftest import browse_as  # noqa: F401
from tests.patience import PATIENCE
from training.classroom import rooms
from training.system.folders import PROJECT

QUESTION = "How many of 1,000 samples carry half of the weight?"


def fresh() -> AppTest:
    return AppTest.from_file(str(PROJECT / "app.py"), default_timeout=PATIENCE)


def shown(app: AppTest, page: str, **asked: str) -> AppTest:
    app.query_params.update(link(page, **asked))
    found = app.switch_page(f"pages/{'teaching/' if page == 'room' else ''}{page}.py").run()
    assert not found.exception
    return found


def option(phone: AppTest, label: str) -> Any:
    return next(button for button in phone.button if button.label == label)


@pytest.mark.usefixtures("app")
def test_a_class_guesses_by_phone_what_a_page_asks_and_the_projector_shows_it(
    runs_folder: Path,
    browse_as: Callable[..., str],  # noqa: F811
) -> None:
    teacher, phones = fresh(), [fresh() for _ in range(3)]
    host = browse_as("t" * 22)
    shown(teacher, "room").button(key="open-room").click().run()
    code = rooms.room_of(host)
    assert code
    for number, phone in enumerate(phones):
        browse_as(str(number) * 22)
        shown(phone, "room", code=code.lower())
        assert "Nothing is asked yet" in text_of(phone)
    browse_as("t" * 22)
    shown(teacher, "bounds").button(key="ask-the-class").click().run()
    assert not teacher.exception
    for number, (phone, label) in enumerate(zip(phones, ("1 to 5", "51 to 200", "1 to 5"), strict=True)):
        browse_as(str(number) * 22)
        phone.run()
        assert [part.value for part in phone.subheader] == [QUESTION]
        option(phone, label).click().run()
        assert not phone.exception
        assert "You can change your guess" in text_of(phone)
    browse_as("t" * 22)
    teacher.run()
    assert "**3 guesses**" in text_of(teacher)
    (bars,) = [str(part.proto.body) for part in teacher.get("html") if 'class="tally"' in str(part.proto.body)]
    assert "3 guesses. 1 to 5: 2; " in bars
    teacher.button(key="close-guesses").click().run()
    browse_as("0" * 22)
    phones[0].run()
    assert "The guesses are in. You guessed **1 to 5**." in text_of(phones[0])
    (found,) = rooms.tallies(code)
    assert found.asked.page == "bounds"
    assert {label: count for label, count in found.counts.items() if count} == {"1 to 5": 2, "51 to 200": 1}


@pytest.mark.usefixtures("app", "runs_folder")
def test_a_guess_on_the_page_itself_counts_for_who_has_joined_and_not_for_the_host(
    browse_as: Callable[..., str],  # noqa: F811
) -> None:
    host = browse_as("t" * 22)
    teacher, student = fresh(), fresh()
    shown(teacher, "room").button(key="open-room").click().run()
    code = rooms.room_of(host)
    shown(teacher, "labels").button(key="ask-the-class").click().run()
    teacher.segmented_control(key="labels-guess").set_value("80 to 90").run()
    browse_as("s" * 22)
    shown(student, "room", code=code)
    shown(student, "labels").segmented_control(key="labels-guess").set_value("below 60").run()
    assert f"Your guess counts in the room **{code}**" in text_of(student)
    (found,) = rooms.tallies(code)
    assert {label: count for label, count in found.counts.items() if count} == {"below 60": 1}


@pytest.mark.usefixtures("runs_folder")
@pytest.mark.parametrize("code", ["", "AAAAA", "<b>", "x" * 500, "../.."])
def test_a_code_of_no_room_is_one_sentence(app: AppTest, code: str) -> None:
    page = shown(app, "room", code=code)
    assert [error.value for error in page.error] == ([rooms.NO_ROOM] if code == "AAAAA" else [])
    assert page.button(key="open-room")


@pytest.mark.usefixtures("runs_folder")
def test_the_tallies_are_a_table_and_the_end_deletes_them(app: AppTest) -> None:
    page = shown(app, "room")
    page.button(key="open-room").click().run()
    code = rooms.room_of("")
    asked = rooms.ask(code, "", "labels", "how many, or more?", ["some", "all, or most"])
    rooms.guess(code, "@" + "1" * 20, asked.number, "all, or most")
    page.run()
    assert not page.exception
    assert "Asked now: how many, or more?" in text_of(page)
    table = list(csv.reader(io.StringIO(as_csv(code).decode("utf-8-sig"))))
    assert table == [
        ["page", "question", "option", "guesses"],
        ["labels", "how many, or more?", "some", "0"],
        ["labels", "how many, or more?", "all, or most", "1"],
    ]
    page.button(key="end-room").click().run()
    assert not page.exception
    assert page.button(key="open-room")
    assert rooms.room_of("") == ""


def test_where_the_server_has_a_teacher_only_the_teacher_opens_a_room(
    app: AppTest,
    runs_folder: Path,
    browse_as: Callable[..., str],  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ELBO_LAB_TEACHER_KEY", "chalk and blackboard")
    browse_as("s" * 22)
    page = shown(app, "room")
    assert "open-room" not in {button.key for button in page.button}
    assert rooms.room_of("@" + "0" * 20) == ""


def test_the_code_joins_and_reads_as_a_picture() -> None:
    drawn = joining._qr("http://lab.example.org/room?room-code=ABC23")
    assert drawn.startswith("<svg")
    assert drawn != joining._qr("http://lab.example.org/room?room-code=ABC24")
