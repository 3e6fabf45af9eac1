"""A lesson goes into a file and a link and comes back whole; what is none is refused in one sentence."""

import json
import zlib
from base64 import urlsafe_b64encode
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.classroom.database import opened
from training.classroom.lesson import MOST_BYTES, MOST_CARDS, Card, Lesson, lesson_file, packed, read_lesson, unpacked
from training.classroom.lesson_links import LONGEST, link_of, open_lesson
from training.system.errors import UserError

names = st.from_regex(r"[a-z][a-z0-9_-]{0,12}", fullmatch=True)
texts = st.text(st.characters(codec="utf-8"), max_size=40)
cards = st.builds(
    Card,
    page=names,
    view=st.dictionaries(names, st.lists(texts, max_size=3).map(tuple), max_size=4),
    text=texts,
    question=texts,
    options=st.lists(texts.filter(bool), max_size=4).map(tuple),
    answer=texts,
    controls=st.dictionaries(names, st.sampled_from(["locked", "hidden"]), max_size=4),
)
lessons = st.builds(Lesson, title=texts, cards=st.lists(cards, min_size=1, max_size=4).map(tuple))


@given(lessons)
def test_it_comes_back_whole_from_its_file_and_its_link(lesson: Lesson) -> None:
    assert read_lesson(lesson_file(lesson)) == lesson
    assert unpacked(packed(lesson)) == lesson


def zipped(content: bytes) -> str:
    return "z" + urlsafe_b64encode(zlib.compress(content, 9)).decode()


def card(**changes: object) -> bytes:
    return json.dumps({"lesson": 1, "cards": [{"page": "samples"} | changes]}).encode()


HOSTILE = {
    "no JSON": b"cards",
    "a list": b"[]",
    "a number": b"7",
    "cut off": card()[:-3],
    "a NaN": b'{"cards": NaN}',
    "nested without end": b"[" * 50_000,
    "an unknown word": card(script="<script>"),
    "another version": card().replace(b'"lesson": 1', b'"lesson": 2'),
    "a path": card(page="../../etc/passwd"),
    "a name that ends a rule of style": card(controls={"seed{}*": "hidden"}),
    "a name with a selector": card(controls={"seed, body": "hidden"}),
    "a right that there is not": card(controls={"seed": "everything"}),
    "a setting that is no text": card(view={"seed": [{"a": 1}]}),
    "a long text": card(text="x" * 2001),
    "many options": card(options=[str(i) for i in range(13)]),
    "many settings": card(view={f"a{i}": ["1"] for i in range(61)}),
    "many cards": json.dumps({"cards": [{"page": "samples"}] * (MOST_CARDS + 1)}).encode(),
    "half a letter": b'{"cards": [{"page": "samples", "text": "\\ud800"}]}',
    "no letters": b"\xff\xfe\x00",
}


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.usefixtures("runs_folder")
def test_what_is_no_lesson_is_refused_in_one_sentence_as_a_file_and_as_a_link(raw: bytes) -> None:
    for read in (lambda: read_lesson(raw), lambda: open_lesson(zipped(raw))):
        with pytest.raises(UserError, match=r"^This is no lesson of ELBO Lab, .* again\.$"):
            read()


@pytest.mark.usefixtures("runs_folder")
def test_a_bomb_is_never_unpacked_and_a_long_file_never_read() -> None:
    with pytest.raises(UserError, match="at most 64 KB"):
        open_lesson(zipped(b" " * 100 * MOST_BYTES))
    with pytest.raises(UserError, match="at most 64 KB"):
        read_lesson(card() + b" " * MOST_BYTES)
    with pytest.raises(UserError, match="has no card"):
        read_lesson(b"{}")


@given(st.text(max_size=30))
def test_any_text_in_an_address_is_a_lesson_or_one_sentence(text: str) -> None:
    if not text.startswith("k"):
        with pytest.raises(UserError):
            open_lesson(text)


def long_lesson(seed: int = 0) -> Lesson:
    words = [f"{(7919 * (seed + each)) % 104729:x}" for each in range(2600)]
    return Lesson(cards=tuple(Card(page="beta", text=" ".join(words[i : i + 250])) for i in range(0, 2600, 260)))


def test_a_short_one_is_its_link_and_a_long_one_is_kept_under_a_name_that_nobody_guesses(runs_folder: Path) -> None:
    short = Lesson(title="One", cards=(Card(page="samples", view={"seed": ("5",)}),))
    assert link_of(short).startswith("z")
    assert not runs_folder.exists()
    link, other = link_of(long_lesson()), link_of(long_lesson(1))
    assert len(packed(long_lesson())) > LONGEST
    assert link[0] == "k"
    assert len(link) == 17
    assert link != other
    assert link == link_of(long_lesson())
    assert open_lesson(link) == long_lesson()
    with pytest.raises(UserError, match="not on this server"):
        open_lesson("k" + "0" * 16)


@pytest.mark.usefixtures("runs_folder")
def test_the_lesson_that_nobody_opened_for_longest_leaves_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.classroom.lesson_links.MOST_KEPT", 2)
    first, second = link_of(long_lesson(0)), link_of(long_lesson(1))
    open_lesson(first)
    third = link_of(long_lesson(2))
    with opened() as base:
        kept = {f"k{name}" for (name,) in base.execute("SELECT name FROM lesson")}
    assert kept == {first, third}
    assert second not in kept
