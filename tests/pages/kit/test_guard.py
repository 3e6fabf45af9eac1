"""A section that fails is one sentence; the others are drawn, and nothing of the server is shown."""

import html
import logging
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from streamlit.testing.v1 import AppTest

from pages.kit import guard
from tests.pages.conftest import text_of
from tests.patience import PATIENCE
from training.system.folders import PROJECT


def page() -> None:
    import streamlit as st

    from pages.kit.guard import section
    from training.system.errors import UserError

    def refuse() -> None:
        raise UserError("Choose <b>another</b> model.")

    def end() -> None:
        st.stop()

    with section("first"):
        int("/srv/secret/path")
    with section("second"):
        refuse()

    @st.fragment
    @section("third")
    def part() -> None:
        [][0]

    part()
    with section("fourth"):
        st.markdown("The fourth is drawn.")
    with section("fifth"):
        end()
    st.markdown("Never drawn.")


def test_a_section_that_raises_is_a_sentence_and_the_others_are_drawn(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        found = AppTest.from_function(page).run()
    assert not found.exception
    assert [error.value for error in found.error] == [
        guard.SENTENCE,
        "Choose &lt;b>another&lt;/b> model.",
        guard.SENTENCE,
    ]
    assert [text.value for text in found.markdown] == ["The fourth is drawn."]
    assert "secret" not in text_of(found)
    assert "/srv/secret/path" in caplog.text


@pytest.mark.usefixtures("app")
def test_a_page_that_raises_at_its_top_is_a_sentence_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("/srv/secret/path")

    monkeypatch.setattr(guard, "UNEXPECTED", (Exception,))
    monkeypatch.setattr("pages.kit.frame.share", broken)
    for name in ("samples", "mixture", "bounds", "labels", "style", "clinic", "beta"):
        app = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=PATIENCE)
        found = app.switch_page(f"pages/{name}.py").run()
        assert not found.exception, name
        assert guard.SENTENCE in [error.value for error in found.error], name
        assert "secret" not in text_of(found)


HOSTILE = (
    "[a](http://x.y)",
    "![a](http://x.y/z.png)",
    "a\\[b](http://x.y)",
    "https://x.y www.x.y a@x.y",
    "<b onclick=x>",
    "`code` ```",
    "*a* **b** _c_ __d__ x_y_z ~~e~~",
    "# head",
    "- item",
    "1. one",
    "> quote",
    "    code",
    "--- | ---",
    "===",
    "&lt;b&gt; &#91;",
    "$x^2$",
    ":material/home: :smile: :red[x] :streamlit:",
    "a -> b <- c -- d >= e",
)
FOUND_LATER = r"https?://|www\.|\w@\w|:[a-z][\w/]*[:\[]|<-|->|--|>=|<="  # in what Markdown has left


@given(
    st.lists(st.sampled_from(HOSTILE) | st.text(" \\[]()*_~`#>-+=.!|&;:<$a1\n", max_size=12), max_size=4).map("".join)
)
@example("".join(HOSTILE))
@example("\n".join(HOSTILE))
def test_a_strangers_text_is_shown_as_it_is(text: str) -> None:
    drawn = MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(guard.plain(text))
    words = html.unescape(re.sub(r"</?p>", "\n", drawn))
    assert not re.search(r"<[^p/]|</[^p]", drawn)
    assert not re.search(FOUND_LATER, words)
    assert words.replace(guard.UNSEEN, "").split() == text.split()
