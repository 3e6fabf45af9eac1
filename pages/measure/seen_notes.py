"""What stands beside numbers on test images: whether a model may have learned from these."""

from collections.abc import Iterable, Mapping

import streamlit as st

from pages.kit.frame import plain
from training.data.seen import seen_in_words

__all__ = ["seen_notes"]


def seen_notes(models: Mapping[str, str], sets: Iterable[str]) -> None:
    """One line for each case that there is among the models; see `training.data.seen.seen_in_words`.

    Arguments:
        models: what each learned from, by its title.
        sets: names of the evaluation sets that are shown.
    """
    for sentence in dict.fromkeys(sentence for name in sets for sentence in seen_in_words(models, name)):
        st.caption(plain(sentence))
