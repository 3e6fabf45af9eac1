"""The seed of what a page draws."""

import streamlit as st

from pages.kit.address import page_key

__all__ = ["pick_seed"]


def pick_seed(of: str, *, disabled: bool = False) -> int:
    """Choose the seed; the page's address holds it.

    Arguments:
        of: what the seed decides.
        disabled: it decides nothing now. It stays, and the address keeps it.
    """
    return st.number_input(
        "Seed", 0, 2**32 - 1, 0, key=page_key("seed"), bind="query-params", disabled=disabled, help=of
    )
