"""What leaves the app: a comparison as CSV and as one HTML page, and any model's weights in two formats."""

import base64
import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from html import escape

import safetensors.torch
import torch

from training.checkpoints.reading import Checkpoint

__all__ = ["Figure", "Page", "as_csv", "as_html", "as_pt", "as_safetensors"]

Row = Mapping[str, str | float | int | None]

_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 0.9rem; }
th, td { padding: 0.3rem 0.8rem; border-bottom: 1px solid #8886; text-align: right; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; }
figure { margin: 1.5rem 0; } figcaption { font-size: 0.9rem; opacity: 0.75; }
img { width: 100%; image-rendering: pixelated; border-radius: 4px; }
"""


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
    parts = [f"<h1>{escape(page.title)}</h1>", *(f"<p>{escape(text)}</p>" for text in page.sentences)]
    for title, rows in page.tables.items():
        parts.append(f'<h2>{escape(title)}</h2><div class="wide">{_table(rows)}</div>')
    for figure in page.figures:
        source = base64.b64encode(figure.png).decode()
        caption = escape(figure.caption)
        parts.append(
            f'<figure><img alt="{caption}" src="data:image/png;base64,{source}"><figcaption>{caption}</figcaption>'
            "</figure>"
        )
    parts += [f"<p><small>{escape(text)}</small></p>" for text in (*page.notes, date.today().isoformat())]
    body = "\n".join(parts)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(page.title)}</title><style>{_STYLE}</style></head>\n<body>{body}</body></html>\n"
    ).encode()


def as_safetensors(source: Checkpoint) -> bytes:
    """A model's weights under the homework's names, float32, with what the file says about itself."""
    facts = {"family": source.family.name, "config": source.config.model_dump_json()}
    if source.step is not None:
        facts["step"] = str(source.step)
    return safetensors.torch.save(dict(source.state), metadata=facts)


def as_pt(source: Checkpoint) -> bytes:
    """The same as the homework's code reads them: what `torch.save(model.state_dict(), path)` writes."""
    out = io.BytesIO()
    torch.save(dict(source.state), out)
    return out.getvalue()


def _no_formula(value: str | float | int | None) -> str | float | int | None:
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


def _table(rows: Sequence[Row]) -> str:
    names = list(dict.fromkeys(name for row in rows for name in row))
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    lines = ("".join(f"<td>{escape(_shown(row.get(name)))}</td>" for name in names) for row in rows)
    return (
        f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(f'<tr>{line}</tr>' for line in lines)}</tbody></table>"
    )


def _shown(value: str | float | int | None) -> str:
    if value is None:
        return ""
    return f"{value:,.3f}" if isinstance(value, float) else str(value)
