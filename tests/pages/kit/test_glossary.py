import re
from collections import Counter
from collections.abc import Iterator
from html import unescape

import pytest
from streamlit.testing.v1 import AppTest

from pages.kit import glossary
from pages.kit.glossary import ENTRIES, first_mentions
from tests.pages.conftest import PICTURE, without_entries

VIEWS: dict[str, dict[str, str]] = {
    "home": {},
    "samples": {"view": "Map of digits"},
    "beta": {},
    "mixture": {},
    "bounds": {},
    "labels": {},
    "style": {},
    "clinic": {},
    "train": {},
}
EXPLAINED = re.compile(r'<dfn tabindex="0" aria-description="([^"]*)" data-meaning="\1">([^<]*)</dfn>')


def prose_of(app: AppTest) -> Iterator[str]:
    """What the page says in sentences: no pictures, no tables, no drawings."""
    for part in [*app.markdown, *app.caption]:
        text = str(part.value)
        if not PICTURE.fullmatch(text) and not text.startswith(('<div class="wide-table"', "<svg")):
            yield text


def explained_terms(app: AppTest) -> Counter[str]:
    by_meaning = {re.sub(r"[{}]", "", entry.meaning): entry.term for entry in ENTRIES}
    return Counter(by_meaning[unescape(meaning)] for text in prose_of(app) for meaning, _ in EXPLAINED.findall(text))


@pytest.fixture(scope="module")
def seen() -> set[str]:
    """Terms that the pages opened in this module explained."""
    return set()


@pytest.mark.parametrize("page", VIEWS)
def test_a_page_explains_each_term_that_it_mentions_once(page: str, app: AppTest, seen: set[str]) -> None:
    for name, value in VIEWS[page].items():
        app.query_params[name] = value
    app.switch_page(f"pages/{page}.py").run()
    assert not app.exception
    explained = explained_terms(app)
    mentioned = {term for text in prose_of(app) for term in first_mentions(without_entries(text))}
    assert explained == Counter(mentioned)
    seen |= mentioned


def test_every_entry_is_used_on_some_page(seen: set[str]) -> None:
    if not seen:
        pytest.skip("runs after the pages")
    assert {entry.term for entry in ENTRIES} - seen == set()


def test_the_first_of_two_texts_explains_a_term_and_says_the_same_when_it_runs_again() -> None:
    glossary.start_page()
    first = glossary._explained("The prior of a code, and the prior again.")
    assert without_entries(first) == "The prior of a code, and the prior again."
    assert [word for _, word in EXPLAINED.findall(first)] == ["prior", "code"]
    assert glossary._explained("A second prior.") == "A second prior."
    assert glossary._explained("The prior of a code, and the prior again.") == first
    glossary.start_page()
    assert EXPLAINED.search(glossary._explained("A second prior."))


@pytest.mark.parametrize(
    "text", ["$\\mathrm{KL}$", "`prior`", "[the prior](/beta)", "beta-0.1", "KLM", "a postcode", "your own code"]
)
def test_formulas_links_and_other_words_are_left_alone(text: str) -> None:
    assert first_mentions(text) == {}


def test_a_longer_term_is_not_taken_for_a_shorter_one() -> None:
    assert list(first_mentions("The aggregate posterior, the NELBO and the KL weight.")) == [
        "aggregate posterior",
        "NELBO",
        "KL weight",
    ]


def test_entries_are_short_and_name_only_terms_that_are_entries() -> None:
    terms = [entry.term for entry in ENTRIES]
    assert len(set(terms)) == len(terms) >= 25
    for entry in ENTRIES:
        assert len(entry.meaning) <= 220
        assert set(re.findall(r"\{(.*?)\}", entry.meaning)) <= set(terms) - {entry.term}
        assert list(first_mentions(entry.term)) == [entry.term]


def test_a_page_that_runs_again_explains_the_same(app: AppTest) -> None:
    app.switch_page("pages/bounds.py").run()
    before = explained_terms(app)
    assert before
    assert explained_terms(app.run()) == before


def test_html_is_shown_and_not_run_while_formulas_stay() -> None:
    glossary.start_page()
    assert glossary._explained(r"<b>, \< and $a < b$") == r"&lt;b>, \< and $a < b$"
