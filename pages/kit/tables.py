"""Tables of a few rows, as Markdown: they are on the screen with the text of their page."""

from collections.abc import Iterable, Sequence

import streamlit as st

__all__ = ["table"]


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, words: int = 1) -> None:
    """Show a table.

    Arguments:
        head, rows: Markdown of each cell; every row is as long as the head.
        words: how many columns, from the left, hold words and not numbers.
    """
    align = [":--" if place < words else "--:" for place in range(len(head))]
    st.markdown("\n".join(f"| {' | '.join(row)} |" for row in (head, align, *rows)))
