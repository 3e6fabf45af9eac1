"""Tables of a few rows, as Markdown: they are on the screen with the text of their page."""

import re
from collections.abc import Iterable, Sequence

import streamlit as st

__all__ = ["table"]


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, words: int = 1) -> None:
    """Show a table. Where it is wider than the screen it scrolls by itself, by hand or by key.

    Arguments:
        head, rows: Markdown of each cell; every row is as long as the head.
        words: how many columns, from the left, hold words and not numbers.
    """
    align = [":--" if place < words else "--:" for place in range(len(head))]
    lines = "\n".join(f"| {' | '.join(map(_cell, row))} |" for row in (head, align, *rows))
    st.markdown(
        f'<div class="wide-table" role="region" aria-label="Table" tabindex="0">\n\n{lines}\n\n</div>',
        unsafe_allow_html=True,
    )


def _cell(text: str) -> str:
    """A bar within a cell, as in q(z|x), is no border."""
    return re.sub(r"(?<!\\)\|", r"\|", text)
