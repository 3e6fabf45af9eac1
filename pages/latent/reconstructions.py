"""Held-out images with their reconstructions."""

from typing import TYPE_CHECKING

import streamlit as st

from pages.choose.evaluation_images import held_out
from pages.draw import figures
from pages.kit import glossary, services
from training.data.registry import at_hand

if TYPE_CHECKING:
    from training.checkpoints.reading import Checkpoint

__all__ = ["reconstructions"]

ROUNDS = 3


def reconstructions(source: "Checkpoint", name: str) -> None:
    """Held-out images, three of each class, each above its reconstruction."""
    png = _reconstructions_png(source, at_hand(source.data).name)
    images = at_hand(source.data).plural
    figures.picture(
        png,
        key="reconstructions",
        alt=f"{10 * ROUNDS} held-out {images} in rows of ten, each row above its reconstructions by {name}",
    )
    glossary.caption(f"Odd rows: held-out {images}. Even rows: their reconstructions, from the means of their codes.")


@st.cache_data(max_entries=64, show_spinner=False, hash_funcs=services.BY_WEIGHTS)
def _reconstructions_png(source: "Checkpoint", data: str) -> bytes:
    import torch

    from models.contract import density_of
    from training.pictures import grids as pictures

    digits = held_out(data)
    chosen = [digits.members[digit][turn] for turn in range(ROUNDS) for digit in range(10)]
    images = digits.images[chosen].unflatten(0, (ROUNDS, 10))
    with torch.inference_mode():
        drawn = density_of(source.model, None).reconstruct(images.flatten(0, 1)).unflatten(0, (ROUNDS, 10))
    rows = torch.stack([images, drawn], 1).flatten(0, 2)
    return pictures.png_bytes(pictures.grid(pictures.to_uint8(rows), columns=10), checkpoint=source.sha256)
