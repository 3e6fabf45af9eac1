"""Every chapter of Theory: what its text declares, and what its page shows. A new one needs no test of its own here."""

import re
from pathlib import Path

import pytest
from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest

from pages.kit.code import excerpts
from pages.theory.chapter import Chapter, chapter_of, filled, open_gap
from tests.pages.conftest import text_of
from training.release.cards import read_card
from training.system.folders import PRETRAINED, PROJECT

SCRIPTS = sorted(file.with_suffix(".py") for file in (PROJECT / "pages" / "theory").glob("*.toml"))
NUMBERS = re.compile(r'class="(?:label|wide)">(.*?)</div>')


@pytest.fixture(autouse=True)
def _on_a_server(app: AppTest, svhn_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With house numbers; its first session is past, so that the folder `pages` is not searched for scripts."""
    monkeypatch.setattr(PagesManager, "uses_pages_directory", False)


def named(script: Path) -> str:
    return script.stem


def chapter(script: Path) -> Chapter:
    return chapter_of(str(script))


def opened(app: AppTest, script: Path, **asked: str) -> AppTest:
    app.run()
    for name, value in asked.items():
        app.query_params[f"{script.stem}-{name}"] = value
    page = app.switch_page(f"pages/theory/{script.name}").run()
    assert not page.exception
    assert not [error.value for error in page.error]
    return page


def drawn(page: AppTest) -> list[str]:
    return [part.proto.body for part in page.get("html") if 'class="numbers"' in part.proto.body]


@pytest.mark.parametrize("script", SCRIPTS, ids=named)
def test_each_gap_has_one_right_answer_and_a_reason_for_each(script: Path) -> None:
    for line in chapter(script).line:
        assert sum(choice.right for choice in line.choice) == 1, line.name
        assert len({choice.text for choice in line.choice}) == len(line.choice), line.name
        assert open_gap(line.formula) != filled(line.formula), line.name
        assert r"\gap" not in filled(line.formula), line.name
        assert filled(line.formula).count("{") == filled(line.formula).count("}"), line.name
        for text in (line.asks, line.note, *(choice.reason for choice in line.choice)):
            assert text.count("$") % 2 == 0, text


@pytest.mark.parametrize("script", SCRIPTS, ids=named)
def test_a_line_names_numbers_code_and_pages_that_are_there(script: Path) -> None:
    declared = chapter(script)
    assert len({line.name for line in declared.line}) == len(declared.line)
    assert {name for line in declared.line for name in line.numbers} <= declared.labels.keys()
    assert {"What to look for", "Try this", "Guess first"} <= declared.notes.keys()
    for name in declared.models:
        family = read_card(PRETRAINED / name).family
        for line in declared.line:
            assert excerpts(family, *line.code), line.name
    for line in declared.line:
        assert (PROJECT / "pages" / f"{line.play.page}.py").is_file(), line.name


@pytest.mark.parametrize("script", SCRIPTS, ids=named)
def test_a_right_answer_opens_the_next_line_and_a_wrong_one_says_why_not(script: Path, app: AppTest) -> None:
    page, declared = opened(app, script), chapter(script)
    assert drawn(page) == []
    first = declared.line[0]
    wrong, right = (next(i for i, c in enumerate(first.choices) if c.right is sought) for sought in (False, True))
    page.pills(key=f"{script.stem}-gap-{first.name}").set_value(wrong).run()
    assert first.choices[wrong].reason in text_of(page)
    assert drawn(page) == []
    page.pills(key=f"{script.stem}-gap-{first.name}").set_value(right).run()
    assert not page.exception
    assert len(drawn(page)) == 1
    assert f"1 of {len(declared.line)} lines filled in, 0 at the first try" in str(page.get("progress")[0].proto)
    second = declared.line[1]
    answer = next(i for i, choice in enumerate(second.choices) if choice.right)
    page.pills(key=f"{script.stem}-gap-{second.name}").set_value(answer).run()
    assert "lines filled in, 1 at the first try" in str(page.get("progress")[0].proto)
    assert len(drawn(page)) == 2
    next(button for button in page.button if button.label == "Start again").click().run()
    assert drawn(page) == []


@pytest.mark.parametrize(
    ("script", "weights"),
    [(script, weights) for script in SCRIPTS for weights in chapter(script).models],
    ids=lambda value: value.stem if isinstance(value, Path) else value,
)
def test_every_equality_and_every_order_holds_for_the_shipped_weights(script: Path, weights: str, app: AppTest) -> None:
    page, declared = opened(app, script, all="true", weights=weights), chapter(script)
    lines = drawn(page)
    assert len(lines) == len(declared.line)
    for line, html in zip(declared.line, lines, strict=True):
        assert "✗" not in html, (line.name, html)
        assert len(NUMBERS.findall(html)) == len(line.numbers)
    assert not page.get("progress")
