"""Ways through the styles of real images: from one to another, and along one dimension at a time."""

from typing import TYPE_CHECKING

import streamlit as st

from pages.draw import figures
from pages.draw.strips import Strip, strip_of, strips
from pages.kit import glossary, services
from pages.kit.address import page_key
from training.data.registry import data_set
from training.system.errors import UserError
from training.system.number_format import signed

if TYPE_CHECKING:
    import torch

    from training.checkpoints.reading import Checkpoint
    from training.pictures.style_bank import StyleBank

__all__ = ["bank", "blended", "dimensions", "name_of"]

MOST_DIMENSIONS = 12
VALUES, FARTHEST = 11, 3.0
COLLAPSED = 0.01
STEPS = 9


def bank(source: "Checkpoint") -> "StyleBank | None":
    """Styles of real test images under a model; None where neither a bank ships with it nor its data set is on disk."""
    return _bank(source, data_set(source.data).on_disk())


@st.cache_resource(max_entries=16, show_spinner=False, hash_funcs=services.BY_WEIGHTS)
def _bank(source: "Checkpoint", with_images: bool) -> "StyleBank | None":
    from training.pictures.styles import bank_of

    try:
        return bank_of(source)
    except UserError:
        return None


def name_of(stored: "StyleBank", position: int) -> str:
    """What an image of the bank is called: its digit, and its number in the test set's file."""
    return f"{int(stored.digits[position])}, image {int(stored.indices[position]):,}"


def blended(source: "Checkpoint", stored: "StyleBank", one: int, other: int, key: str) -> None:
    """Two images of the bank: each one's digit on the way from its own style to the other's, with a slider."""
    import torch

    from training.latent.encoding import straight
    from training.pictures.styles import conditional_model

    model = conditional_model(source)
    for turn, (own, away) in enumerate(((one, other), (other, one))):
        way = straight(stored.styles[own], stored.styles[away], STEPS)
        digit = stored.digits[own].repeat(STEPS)
        with torch.inference_mode():
            drawn = model.decode_mean(model.latents(way, digit))
        mine, theirs = name_of(stored, own), name_of(stored, away)
        source_picture, part, chosen = st.columns([1, 3, 1], gap="large", vertical_alignment="center")
        with source_picture:
            figures.picture(
                strip_of(_seen(source.data, stored, own, drawn)),
                key=f"{key}-own-{turn}",
                alt=f"Picture {'AB'[turn]}: {mine}",
                caption=f"Picture {'AB'[turn]}"
                if data_set(source.data).on_disk()
                else f"Picture {'AB'[turn]}, reconstructed",
            )
        with part:
            share = st.slider(
                f"The {int(stored.digits[own])} of {mine}: how far towards the style of {theirs}",
                0,
                100,
                100,
                5,
                format="%d%%",
                key=page_key(f"{key}-{turn}"),
                bind="query-params",
            )
            strips(
                [
                    Strip(
                        f"{int(stored.digits[own])}",
                        "from own to other style",
                        strip_of(drawn),
                        f"{mine} in {STEPS} steps from its own style to that of {theirs}",
                    )
                ]
            )
        with chosen, torch.inference_mode():
            z = torch.lerp(stored.styles[own], stored.styles[away], share / 100).unsqueeze(0)
            figures.picture(
                strip_of(model.decode_mean(model.latents(z, stored.digits[[own]]))),
                key=f"{key}-{turn}",
                alt=f"{int(stored.digits[own])}, {share}% of the way from the style of {mine} to that of {theirs}",
            )


def _seen(data: str, stored: "StyleBank", position: int, drawn: "torch.Tensor") -> "torch.Tensor":
    """The image itself where its data set is on disk, else the first of what is drawn in its style: (1, pixels)."""
    if not data_set(data).on_disk():
        return drawn[:1]
    from training.data.datasets import load_dataset

    return load_dataset(data).test.images[stored.indices[[position]]].float() / 255


def dimensions(source: "Checkpoint", stored: "StyleBank", start: int, digit: int) -> None:
    """What each dimension of the style does to one image's style under a digit, the highest KL first.

    Where there are many, a switch shows all of them in place of the first ones.
    """
    import torch

    from training.latent.encoding import traversals
    from training.pictures.styles import conditional_model

    model = conditional_model(source)
    order = [int(place) for place in stored.kl.argsort(descending=True)]
    idle = (stored.styles.var(0) < COLLAPSED).tolist()
    latent = model.latents(stored.styles[start], torch.tensor(digit))
    values = torch.linspace(-FARTHEST, FARTHEST, VALUES)
    shown = order
    if len(order) > MOST_DIMENSIONS and not st.toggle(
        f"All {len(order)} dimensions",
        key=page_key("every-dimension"),
        bind="query-params",
        help="Or those of highest KL alone.",
    ):
        shown = order[:MOST_DIMENSIONS]
    rows = traversals(model, latent, shown, values).unflatten(0, (len(shown), VALUES))
    strips(
        [
            Strip(
                f"z{dimension}",
                f"{float(stored.kl[dimension]):.2f} nats{', collapsed' if idle[dimension] else ''}",
                strip_of(row),
                f"Dimension {dimension} of the style from {signed(-FARTHEST, 'g')} to {FARTHEST:g}: KL "
                f"{float(stored.kl[dimension]):.2f} nats{', collapsed' if idle[dimension] else ''}",
                idle=idle[dimension],
            )
            for dimension, row in zip(shown, rows, strict=True)
        ]
    )
    said = [f"KL: mean over {len(stored.digits)} test images."]
    if len(order) > len(shown):
        collapsed = sum(idle[dimension] for dimension in order[len(shown) :])
        said.append(f"Not shown: the {len(order) - len(shown)} dimensions of lowest KL, {collapsed} of them collapsed.")
    if any(idle[dimension] for dimension in shown):
        said.append("Dashed: collapsed, since every image has nearly the same value there.")
    elif len(shown) == len(order):
        said.append("None has collapsed.")
    glossary.caption(" ".join(said))
