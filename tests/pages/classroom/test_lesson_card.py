"""A lesson of five cards is made on its pages, shared, and taken by three visitors; what it locks stays."""

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from streamlit.testing.v1 import AppTest

from pages.classroom.lesson_draft import FILE
from tests.pages.conftest import text_of
from tests.pages.people.conftest import browse_as  # noqa: F401
from tests.patience import PATIENCE
from training.classroom.lesson import Card, Lesson, packed, read_lesson
from training.people.places import place_of
from training.system.folders import PROJECT

MADE: tuple[tuple[str, dict[str, str]], ...] = (  # the page's script, what its address says
    ("samples", {"samples-seed": "5", "samples-temperature": "0.5"}),
    ("samples", {"samples-seed": "0", "samples-temperature": "1.5"}),
    ("beta", {"beta-beta": "4"}),
    ("mixture", {}),
    ("theory/elbo", {}),
)


def fresh() -> AppTest:
    return AppTest.from_file(str(PROJECT / "app.py"), default_timeout=PATIENCE)


def through_app(app: AppTest) -> AppTest:
    """A test would run the page alone, from its second run on; a server runs app.py."""
    if "entered" in app.session_state:
        del app.session_state["entered"]
    return app


def shown(app: AppTest, page: str, asked: dict[str, str]) -> AppTest:
    app.query_params.clear()
    app.query_params.update(asked)
    found = through_app(app).switch_page(f"pages/{page}.py").run()
    assert not found.exception
    return found


def html_of(app: AppTest) -> str:
    return "\n".join(str(part.proto.body) for part in app.get("html"))


def pressed(app: AppTest, key: str) -> AppTest:
    found = through_app(app).button(key=key).click().run()
    assert not found.exception
    return found


@pytest.mark.usefixtures("app", "runs_folder")
def test_five_cards_are_made_shared_and_taken_by_three(browse_as: Callable[..., str]) -> None:  # noqa: F811
    teacher = browse_as("t" * 22)
    maker = fresh()
    for page, view in MADE:
        pressed(shown(maker, page, view), "lesson-add")
    assert "It is card 5 of your lesson." in text_of(maker)
    editor = shown(fresh(), "teaching/lesson", {})

    def write(kind: str, key: str, value: object) -> None:
        getattr(through_app(editor), kind)(key=key).set_value(value).run()

    write("text_input", "draft-title", "A prior, *seen*")
    write("text_area", "draft-0-samples-text", "Look at <b>them</b>.")
    write("text_input", "draft-0-samples-question", "Which temperature?")
    write("text_area", "draft-0-samples-options", "low\n\nhigh\nlow")
    write("text_input", "draft-2-beta-question", "Where do the nats go?")
    write("multiselect", "draft-0-samples-locked-", ["seed"])
    write("multiselect", "draft-0-samples-hidden-seed", ["temperature"])
    assert not editor.exception
    lesson = read_lesson((place_of(teacher) / FILE).read_bytes())
    assert [card.page for card in lesson.cards] == ["samples", "samples", "beta", "mixture", "elbo"]
    assert lesson.cards[0].options == ("low", "high")
    assert (lesson.cards[0].named("locked"), lesson.cards[0].named("hidden")) == (["seed"], ["temperature"])
    link = urlsplit(next(code.value for code in editor.code if "lesson=" in code.value))
    address = {name: values[0] for name, values in parse_qs(link.query).items()}
    assert link.path == "/samples"
    student = fresh()
    for number in range(3):
        browse_as(str(number) * 22)
        student = shown(fresh(), "samples", address)
        assert student.number_input(key="samples-seed").value == 5
        assert "A prior, \\*seen\\*" in student.get("progress")[0].proto.text
        assert "Look at &lt;b>them&lt;/b>." in text_of(student)
        assert ".st-key-samples-temperature { display: none; }" in html_of(student)
        assert 'const locked = [".st-key-samples-seed"];' in html_of(student)
        pressed(student, "lesson-Next")
        assert student.number_input(key="samples-seed").value == 0
        assert student.slider(key="samples-temperature").value == 1.5
        assert "const locked = [];" in html_of(student)
        pressed(student, "lesson-Next")
        assert student.select_slider(key="beta-beta").value == 4
        assert "**Where do the nats go?**" in text_of(student)
    assert pressed(student, "lesson-Previous").slider(key="samples-temperature").value == 1.5
    aside = shown(student, "clinic", {})
    assert [button.key for button in aside.button if str(button.key).startswith("lesson-Back")] == [
        "lesson-Back to card 2"
    ]
    assert pressed(aside, "lesson-Back to card 2").slider(key="samples-temperature").value == 1.5


def address_of(*cards: Card) -> dict[str, str]:
    return {"lesson": "z" + packed(Lesson(cards=cards)), "card": "1"}


@pytest.mark.usefixtures("runs_folder")
def test_a_locked_setting_stays_whatever_the_address_or_the_browser_says(app: AppTest) -> None:
    card = Card(page="samples", view={"seed": ("5",)}, controls={"seed": "locked", "temperature": "hidden"})
    asked = address_of(card) | {"samples-seed": "9", "samples-temperature": "0.3"}
    page = shown(app, "samples", asked)
    assert (page.number_input(key="samples-seed").value, page.slider(key="samples-temperature").value) == (5, 1.0)
    through_app(page).number_input(key="samples-seed").set_value(7).run()
    through_app(page).slider(key="samples-temperature").set_value(0.2).run()
    assert (page.number_input(key="samples-seed").value, page.slider(key="samples-temperature").value) == (5, 1.0)
    through_app(page).segmented_control(key="samples-kind").set_value("binary").run()
    assert page.segmented_control(key="samples-kind").value == "binary"
    assert not page.exception


@pytest.mark.usefixtures("runs_folder")
@pytest.mark.parametrize("text", ["zzz", "k" + "0" * 16, "z" + packed(Lesson(cards=(Card(page="etc"),)))])
def test_a_link_to_no_lesson_is_one_sentence_and_the_page_shows(app: AppTest, text: str) -> None:
    page = shown(app, "samples", {"lesson": text})
    assert len(page.error) == 1
    assert page.number_input(key="samples-seed").value == 0


@pytest.mark.usefixtures("runs_folder")
def test_a_token_that_opens_a_run_is_in_no_lesson(app: AppTest) -> None:
    page = shown(app, "train", {"train-run": "mine", "train-share": "t" * 22})
    pressed(page, "lesson-add")
    assert "t" * 22 not in (place_of("") / FILE).read_text()
