"""The guesses of a class as bars that grow."""

import csv
import io
from pathlib import Path

import streamlit as st

from pages.draw.palette import BOUND
from training.classroom.rooms import Tally, tallies
from training.system.templates import template

__all__ = ["as_csv", "show_tally"]

_TEMPLATE = Path(__file__).with_suffix(".html")


def show_tally(found: Tally) -> None:
    """A bar for each option, as long as its share of the guesses, with their number."""
    counts = [f"{option}: {count}" for option, count in found.counts.items()]
    st.html(
        template(_TEMPLATE).render(
            color=BOUND.color,
            summary=f"{found.total} guesses. {'; '.join(counts)}",
            rows=[
                {"option": option, "count": count, "share": round(100 * count / max(found.total, 1), 1)}
                for option, count in found.counts.items()
            ],
        )
    )


def as_csv(code: str) -> bytes:
    """A row for each option of each question: its page, its text, the option, how often it was guessed."""
    written = io.StringIO()
    rows = csv.writer(written)
    rows.writerow(["page", "question", "option", "guesses"])
    for found in tallies(code):
        rows.writerows(_row(found, option) for option in found.asked.options)
    return written.getvalue().encode("utf-8-sig")


def _row(found: Tally, option: str) -> list[str | int]:
    return [found.asked.page, found.asked.text, option, found.counts[option]]
