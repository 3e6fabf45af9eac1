"""What may change of a run without changing its numbers: name, note, tags, where it belongs. Light (no torch).

It stands in `about.json` of the run folder, which is there only once somebody has said something.
"""

import threading
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from training.checkpoints.records import LONGEST_NAME, NOTES_FILE
from training.people.places import is_run_id
from training.people.rights import require
from training.system.errors import UserError, explain
from training.system.files import open_plain, replace_file

__all__ = [
    "LONGEST_NAME",
    "LONGEST_NOTE",
    "LONGEST_TAG",
    "MOST_TAGS",
    "NOTES_FILE",
    "Parent",
    "RunNotes",
    "change_notes",
    "notes_in",
    "read_notes",
]

LONGEST_NOTE, LONGEST_TAG, MOST_TAGS = 2000, 24, 20
MOST_BYTES = 64 * 1024
_changing = threading.Lock()
_SAID = {
    "name": f"A run's name has at most {LONGEST_NAME} characters.",
    "note": f"A note has at most {LONGEST_NOTE:,} characters.",
    "tags": f"A run has at most {MOST_TAGS} tags, each one word of at most {LONGEST_TAG} characters.",
    "group": "A group is named as a run is: by letters, digits, dots and dashes.",
    "parent": "A run is forked from a run, at a step of it.",
}


def _one_line(text: str) -> str:
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def _lines(text: str) -> str:
    return "\n".join(_one_line(line) for line in text.splitlines()).strip()


def _each_once(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))


def _run_id(text: str) -> str:
    if text and not is_run_id(text):
        raise ValueError("must be the id of a run")
    return text


Id = Annotated[str, AfterValidator(_run_id)]
Tag = Annotated[str, Field(pattern=rf"^[^\s,\x00-\x1f\x7f]{{1,{LONGEST_TAG}}}$")]


class Parent(BaseModel):
    """The run that a run was forked from, and the step at which."""

    model_config = ConfigDict(frozen=True)

    run: Annotated[Id, Field(min_length=1)]
    step: int = Field(ge=0)


class RunNotes(BaseModel):
    """What people say of a run, and where it belongs; all of it may be empty.

    Attributes:
        name: what pages call it in place of its id.
        group: the id of the sweep that it belongs to.
        parent: what it was forked from.
        binned: when it was put in the bin, in seconds since 1970.
    """

    model_config = ConfigDict(frozen=True)

    name: Annotated[str, AfterValidator(_one_line), Field(max_length=LONGEST_NAME)] = ""
    note: Annotated[str, AfterValidator(_lines), Field(max_length=LONGEST_NOTE)] = ""
    tags: Annotated[tuple[Tag, ...], AfterValidator(_each_once), Field(max_length=MOST_TAGS)] = ()
    group: Id = ""
    parent: Parent | None = None
    binned: float | None = Field(None, ge=0, allow_inf_nan=False)


EMPTY = RunNotes()


def read_notes(path: Path) -> RunNotes:
    """What is said of the run in a folder; a missing or damaged file says nothing."""
    return notes_in(path / NOTES_FILE)


def notes_in(file: Path) -> RunNotes:
    """The same of the file itself."""
    try:
        with open_plain(file) as opened:
            text = opened.read(MOST_BYTES + 1)
        return RunNotes.model_validate_json(text) if len(text) <= MOST_BYTES else EMPTY
    except (OSError, ValidationError):
        return EMPTY


def change_notes(path: Path, **changes: Any) -> RunNotes:
    """Change what is said of the run in a folder; what is not named stays.

    Raises:
        UserError: a text is too long, the folder cannot be written, or the run is not theirs to change.
        TypeError: there is no such note.
    """
    if strangers := changes.keys() - RunNotes.model_fields.keys():
        raise TypeError(f"a run has no {', '.join(sorted(strangers))}")
    require("change", path)
    with _changing:
        try:
            notes = RunNotes.model_validate(read_notes(path).model_dump() | changes)
            replace_file(path / NOTES_FILE, notes.model_dump_json(indent=2).encode())
        except ValidationError as error:
            raise UserError(_SAID.get(str(error.errors()[0]["loc"][0]), explain(error))) from error
        except OSError as error:
            raise UserError(f"Nothing can be written into the run {path.name} ({error.strerror}).") from error
    return notes
