import json
from pathlib import Path

import pytest

from training.lab.run_notes import (
    EMPTY,
    LONGEST_NAME,
    MOST_BYTES,
    NOTES_FILE,
    Parent,
    RunNotes,
    change_notes,
    read_notes,
)
from training.system.errors import UserError


def test_what_is_said_is_read_back_and_the_rest_stays(tmp_path: Path) -> None:
    assert read_notes(tmp_path) == EMPTY
    change_notes(tmp_path, name="  two\nnumbers ", note="First line. \n\n  Second\tline.", tags=["z2", "seed", "z2"])
    change_notes(tmp_path, group="sweep-1", parent={"run": "vae-7", "step": 500})
    assert read_notes(tmp_path) == RunNotes(
        name="two numbers",
        note="First line.\n\nSecond line.",
        tags=("z2", "seed"),
        group="sweep-1",
        parent=Parent(run="vae-7", step=500),
    )
    assert change_notes(tmp_path, name="").tags == ("z2", "seed")
    assert [path.name for path in tmp_path.iterdir()] == [NOTES_FILE]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": "x" * (LONGEST_NAME + 1)}, "at most 80 characters"),
        ({"note": "x" * 2001}, "at most 2,000 characters"),
        ({"tags": ["two words"]}, "each one word of at most 24"),
        ({"tags": ["x" * 25]}, "each one word of at most 24"),
        ({"tags": [str(number) for number in range(21)]}, "at most 20 tags"),
        ({"group": "../other"}, "A group is named as a run is"),
        ({"parent": {"run": "", "step": 3}}, "forked from a run"),
        ({"parent": {"run": "vae-7", "step": -1}}, "forked from a run"),
        ({"binned": float("nan")}, "binned"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_sentence_and_changes_nothing(
    tmp_path: Path, changes: dict[str, object], sentence: str
) -> None:
    change_notes(tmp_path, name="before")
    with pytest.raises(UserError, match=sentence) as refused:
        change_notes(tmp_path, **changes)
    assert str(refused.value).endswith(".")
    assert read_notes(tmp_path) == RunNotes(name="before")


def test_a_note_that_does_not_exist_is_a_mistake_of_the_caller(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="colour"):
        change_notes(tmp_path, colour="red")


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="Nothing can be written into the run gone"):
        change_notes(tmp_path / "gone", name="x")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b'{"name": 7}',
        b'{"name": "' + b"x" * 81 + b'"}',
        b'{"tags": "abc"}',
        b'{"tags": [["a"]]}',
        b'{"group": "../../etc"}',
        b'{"parent": {"run": "a/b", "step": 1}}',
        b'{"binned": 1e999}',
        b'{"name": "' + b" " * MOST_BYTES + b'"}',
        b"[" * 50_000,
    ],
)
def test_a_damaged_or_hostile_file_says_nothing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / NOTES_FILE).write_bytes(content)
    assert read_notes(tmp_path) == EMPTY


def test_a_file_of_a_later_version_is_read_as_far_as_it_is_known(tmp_path: Path) -> None:
    (tmp_path / NOTES_FILE).write_text(json.dumps({"name": "mine", "colour": "red"}))
    assert read_notes(tmp_path) == RunNotes(name="mine")
