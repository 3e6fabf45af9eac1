"""What leaves the app: a comparison as CSV and as one HTML page, and any model's weights in two formats."""

import base64
import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import safetensors.torch
import torch

from models.recognition.recognise import recognise
from training.checkpoints.reading import Checkpoint
from training.system.number_format import signed
from training.system.templates import template

__all__ = ["Figure", "Page", "as_csv", "as_html", "as_pt", "as_safetensors"]

Row = Mapping[str, str | float | int | None]

_TEMPLATE = Path(__file__).with_name("comparison.html")


@dataclass(frozen=True)
class Figure:
    """A PNG with the text that stands below it, which also serves those who cannot see it."""

    png: bytes
    caption: str


@dataclass(frozen=True)
class Page:
    """The parts of a report, in the order they are shown.

    Attributes:
        tables: rows by the table's title; every row of a table has the same names.
    """

    title: str
    sentences: Sequence[str]
    tables: Mapping[str, Sequence[Row]]
    figures: Sequence[Figure] = ()
    notes: Sequence[str] = field(default_factory=tuple)


def as_csv(rows: Sequence[Row]) -> bytes:
    """Rows as UTF-8 CSV, one column for each name in any of them; what is not known stays empty.

    Texts that a spreadsheet would take for a formula are quoted with an apostrophe.
    """
    names = list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, names, restval="")
    writer.writeheader()
    writer.writerows({name: _no_formula(value) for name, value in row.items()} for row in rows)
    return out.getvalue().encode()


def as_html(page: Page) -> bytes:
    """One HTML file that needs nothing else: its pictures are in it, and there is no script."""
    figures = [{"source": base64.b64encode(one.png).decode(), "caption": one.caption} for one in page.figures]
    return (
        template(_TEMPLATE)
        .render(
            title=page.title,
            sentences=page.sentences,
            tables={title: _table(rows) for title, rows in page.tables.items()},
            figures=figures,
            notes=[*page.notes, date.today().isoformat()],
        )
        .encode()
    )


def as_safetensors(source: Checkpoint) -> bytes:
    """A model's weights under the homework's names, float32, with what the file says about itself."""
    facts = {"family": source.family.name, "config": source.config.model_dump_json()}
    if source.step is not None:
        facts["step"] = str(source.step)
    return safetensors.torch.save(dict(source.state), metadata=facts)


def as_pt(source: Checkpoint) -> bytes:
    """The same as the homework's code reads them: what `torch.save(model.state_dict(), path)` writes.

    A variance of colours that nobody would guess from the tensors goes with them, as a further tensor.
    """
    state = dict(source.state)
    guessed = recognise({name: tuple(value.shape) for name, value in state.items()})[1].free_numbers()
    free = source.config.free_numbers()
    state |= {name: torch.tensor([value]) for name, value in free.items() if guessed.get(name) != value}
    out = io.BytesIO()
    torch.save(state, out)
    return out.getvalue()


def _no_formula(value: str | float | int | None) -> str | float | int | None:
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


def _table(rows: Sequence[Row]) -> list[list[str]]:
    """The names of the columns, then what each row shows in them."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    return [names, *([_shown(row.get(name)) for name in names] for row in rows)]


def _shown(value: str | float | int | None) -> str:
    if value is None:
        return ""
    return signed(value, ",.3f") if isinstance(value, float) else str(value)
