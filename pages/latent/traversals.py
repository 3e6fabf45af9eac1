"""Paths through latent space: from one image to another, and along each dimension by itself."""

from typing import TYPE_CHECKING

import streamlit as st

from pages.choose.evaluation_images import encoded, held_out, name_of, pick_digit
from pages.choose.guess import show_answer
from pages.draw.strips import Strip, strip_of, strips
from pages.kit import frame, glossary
from pages.kit.address import page_key
from pages.kit.guard import section
from pages.kit.texts import page_text
from training.data.registry import at_hand
from training.system.number_format import signed

if TYPE_CHECKING:
    from torch import Tensor

    from training.checkpoints.reading import Checkpoint
    from training.latent.encoding import Encoding

__all__ = ["USED", "interpolation", "traversal", "traversal_strips"]

STEPS = 11
VALUES = 13
MOST = 20  # dimensions shown
FARTHEST = 3.0  # standard deviations of the prior
USED = {"every one": 1.0, "all but a few": 0.7, "about half": 0.3, "fewer": 0.0}  # and the least share of each


@st.fragment
@section("interpolation")
def interpolation(source: "Checkpoint") -> None:
    """From one image to another, on a straight line and on an arc."""
    codes, about = encoded(source), at_hand(source.data)
    model = source.model
    picture, controls = st.columns([2.4, 1], gap="large")
    with controls:
        start = pick_digit(source.data, "From", "from", "4, no. 1")
        end = pick_digit(source.data, "To", "to", "7, no. 2")
    ways = _ways(codes, start, end)
    ends_named = [name_of(source.data, at) for at in (start, end)]
    names = f"from {ends_named[0]} to {ends_named[1]}"
    size = codes.mean.shape[1]
    rows = []
    for way, latents in ways.items():
        distance = float(latents[STEPS // 2, :size].norm())
        rows.append(
            Strip(
                way,
                f"|z| {distance:.2f} halfway",
                strip_of(model.decode_mean(latents)),
                f"{STEPS} images {names}, {way.lower()}: halfway |z| is {distance:.2f}",
            )
        )
    ends = strip_of(held_out(source.data).images[[start, end]])
    with picture:
        strips(rows)
    with controls:
        strips(
            [
                Strip(
                    "The two",
                    "binarised",
                    ends,
                    f"The held-out {about.plural} {ends_named[0]} and {ends_named[1]}",
                )
            ]
        )
        lengths = [float(codes.mean[at].norm()) for at in (start, end)]
        variance = model.prior_moments()[1].sum()
        glossary.caption(
            f"The codes lie {lengths[0]:.2f} and {lengths[1]:.2f} from the origin; a draw from the prior lies about "
            f"{float(variance.sqrt()):.2f} from the prior's mean."
        )
    frame.notes(page_text(__file__, "interpolation", **about.words))


def _ways(codes: "Encoding", start: int, end: int) -> "dict[str, Tensor]":
    """Latents of both paths; a label, where there is one, is blended evenly in both."""
    import torch

    from training.latent.encoding import spherical, straight

    line = straight(codes.latents[start], codes.latents[end], STEPS)
    size = codes.mean.shape[1]
    arc = spherical(codes.mean[start], codes.mean[end], STEPS)
    return {"Straight": line, "Spherical": torch.cat([arc, line[:, size:]], 1)}


@st.fragment
@section("traversal")
def traversal(source: "Checkpoint") -> None:
    """Each dimension turned by itself, after a guess of how many are in use."""
    codes = encoded(source)
    order, active, about = codes.by_kl(), codes.active.tolist(), at_hand(source.data)
    guess = st.pills(
        f"Guess first: how many of the {len(order)} dimensions does this model use?",
        list(USED),
        key=page_key("used"),
        bind="query-params",
        wrap=True,
    )
    picture, controls = st.columns([2.4, 1], gap="large")
    with controls:
        digit = pick_digit(source.data, f"{about.noun.capitalize()} to start from", "digit", "7, no. 2")
    if guess is None:
        with picture:
            st.info("Make your guess, and the dimensions will show.", icon=":material/help:")
    else:
        with picture:
            _answer(guess, active)
            strips(traversal_strips(source, codes, digit))
            if rest := order[MOST:]:
                collapsed = sum(not active[dimension] for dimension in rest)
                glossary.caption(f"Not shown: the {len(rest)} dimensions of lowest KL, {collapsed} of them collapsed.")
        with controls:
            glossary.caption(
                f"Each row sets one dimension to {VALUES} values within {FARTHEST:g} standard deviations of the "
                f"prior, and leaves the others at the {about.noun}'s code. Rows stand in the order of their KL, the "
                f"mean over 1,000 held-out {about.plural}. A dimension has collapsed when its posterior mean hardly "
                f"varies with the {about.noun}: variance below 0.01."
            )
    frame.notes(page_text(__file__, "traversal", **about.words))


def _answer(guess: str, active: list[bool]) -> None:
    share = sum(active) / len(active)
    right = next(text for text, least in USED.items() if share >= least)
    show_answer(guess, right, f"{sum(active)} of {len(active)} dimensions are in use.")


def traversal_strips(source: "Checkpoint", codes: "Encoding", digit: int) -> list[Strip]:
    """A row for each dimension, at most twenty, the highest KL first: what it does to an image's code.

    Arguments:
        digit: its position in `held_out(source.data)`, where `codes` holds what the other dimensions keep.
    """
    import torch

    from training.latent.encoding import traversals

    model, order, active = source.model, codes.by_kl()[:MOST], codes.active.tolist()
    mean, variance = (values[order].unsqueeze(1) for values in model.prior_moments())
    values = mean + variance.sqrt() * torch.linspace(-FARTHEST, FARTHEST, VALUES)
    images = traversals(model, codes.latents[digit], order, values).unflatten(0, (len(order), VALUES))
    kl = codes.dimension_kl.tolist()
    return [
        Strip(
            f"z{dimension}",
            f"{kl[dimension]:.2f} nats{'' if active[dimension] else ', collapsed'}",
            strip_of(row),
            f"Dimension {dimension} of {name_of(source.data, digit)} from {signed(ends[0], '.1f')} to "
            f"{signed(ends[-1], '.1f')}: KL {kl[dimension]:.2f} nats{'' if active[dimension] else ', collapsed'}",
            idle=not active[dimension],
        )
        for dimension, row, ends in zip(order, images, values.tolist(), strict=True)
    ]
