"""What a model makes of digits, as pictures: reconstructions, and each dimension of a code turned by itself."""

from typing import TYPE_CHECKING

import streamlit as st

from pages.common import figures
from pages.common.held_out import encoded, held_out
from training.dataset_names import best_dataset_name

if TYPE_CHECKING:
    from training.checkpoints import Checkpoint

__all__ = ["reconstructions", "traversal"]

ROUNDS = 3
REACH = 3.0
STEPS = 13
FAINT = 0.45


def reconstructions(source: "Checkpoint", name: str) -> None:
    """Held-out digits, three of each class, each above what the model draws from its code."""
    png = _reconstructions_png(source.sha256, best_dataset_name(), source)
    figures.picture(
        png,
        key="reconstructions",
        alt=f"{10 * ROUNDS} held-out digits in rows of ten, each row above its reconstructions by {name}",
        caption="Odd rows: held-out digits. Even rows: drawn again from the mean of their codes.",
    )


@st.cache_data(max_entries=64, show_spinner=False)
def _reconstructions_png(sha256: str, data: str, _source: "Checkpoint") -> bytes:
    import torch

    from training import pictures

    digits = held_out()
    chosen = [digits.members[digit][turn] for turn in range(ROUNDS) for digit in range(10)]
    images = digits.images[chosen].unflatten(0, (ROUNDS, 10))
    with torch.inference_mode():
        drawn = _source.build().reconstruct(images.flatten(0, 1)).unflatten(0, (ROUNDS, 10))
    rows = torch.stack([images, drawn], 1).flatten(0, 2)
    return pictures.png_bytes(pictures.grid(pictures.to_uint8(rows), columns=10), checkpoint=sha256)


def traversal(source: "Checkpoint", name: str, digit: int) -> None:
    """A row per latent dimension, the costliest first, collapsed ones faint: its value goes from -3 to 3.

    Arguments:
        digit: the class of the held-out digit whose code the other dimensions keep.
    """
    found = encoded(source)
    order = found.by_kl()
    collapsed = [dimension for dimension in order if not found.active[dimension]]
    costs = ", ".join(f"z{dimension + 1} {found.dimension_kl[dimension]:.2f}" for dimension in order)
    figures.picture(
        _traversal_png(source.sha256, best_dataset_name(), digit, source),
        key="traversal",
        alt=f"The code of a {digit} under {name}, one dimension a row turned from -3 to 3, by KL in nats: {costs}; "
        f"{len(collapsed)} collapsed",
        caption=f"Each row turns one dimension from −{REACH:g} to {REACH:g}; nats of KL from the top: {costs}. "
        + (f"The {len(collapsed)} faint ones have collapsed." if collapsed else "None has collapsed."),
    )


@st.cache_data(max_entries=256, show_spinner=False)
def _traversal_png(sha256: str, data: str, digit: int, _source: "Checkpoint") -> bytes:
    import torch

    from training import pictures
    from training.latents import traversals

    found = encoded(_source)
    order = found.by_kl()
    latent = found.latents[held_out().members[digit][0]]
    with torch.inference_mode():
        drawn = traversals(_source.build(), latent, order, torch.linspace(-REACH, REACH, STEPS))
        strength = torch.where(found.active[order], 1.0, FAINT).repeat_interleave(STEPS).unsqueeze(1)
    tiles = pictures.to_uint8(drawn * strength)
    return pictures.png_bytes(pictures.grid(tiles, columns=STEPS), checkpoint=sha256, digit=digit)
