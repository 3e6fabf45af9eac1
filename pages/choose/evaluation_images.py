"""The held-out digits that pages on latent space look at, their codes under a model, and a way to choose one."""

from typing import TYPE_CHECKING, NamedTuple

import streamlit as st

from pages.kit import services
from training.data.names import best_dataset_name
from training.system.errors import UserError

if TYPE_CHECKING:
    from torch import Tensor

    from training.checkpoints.reading import Checkpoint
    from training.latent.encoded import Encoding

__all__ = ["COUNT", "HeldOut", "encoded", "held_out", "name_of", "pick_digit", "position_of"]

COUNT = 1000


class HeldOut(NamedTuple):
    """The first 1,000 held-out digits of the data in use, and for each class where its members are among them.

    Attributes:
        images: float zeros and ones (n, pixels), the bits of the evaluation sets.
        labels: int64 (n,).
        members: positions by class.
    """

    images: "Tensor"
    labels: "Tensor"
    members: dict[int, list[int]]


def held_out() -> HeldOut:
    """The digits of the data in use."""
    return _held_out(best_dataset_name())


@st.cache_resource(max_entries=2, show_spinner=False)
def _held_out(data: str) -> HeldOut:
    from training.data.datasets import load_dataset

    dataset = load_dataset(data)
    images = dataset.evaluation_set("test" if data == "mnist" else "sample")[:COUNT]
    labels = dataset.test.labels[:COUNT]
    return HeldOut(images, labels, {digit: (labels == digit).nonzero().squeeze(1).tolist() for digit in range(10)})


def encoded(source: "Checkpoint") -> "Encoding":
    """The codes of the held-out digits under a model.

    Raises:
        UserError: the model takes images of another size.
    """
    digits = held_out()
    pixels = digits.images.shape[1]
    if (taken := getattr(source.config, "pixels", pixels)) != pixels:
        raise UserError(f"This model takes images of {taken} pixels, and a digit has {pixels}: choose another model.")
    return _encoded(source, best_dataset_name())


@st.cache_resource(max_entries=16, show_spinner=False, hash_funcs=services.BY_WEIGHTS)
def _encoded(source: "Checkpoint", data: str) -> "Encoding":
    from training.latent.encoded import encode

    return encode(source.model, _held_out(data).images)


def pick_digit(label: str, key: str, default: str) -> int:
    """A picker of one held-out digit by class and number; its choice is in the page's address.

    Returns:
        Its position in `held_out().images`.
    """
    names = [f"{digit}, no. {number + 1}" for digit, own in held_out().members.items() for number in range(len(own))]
    chosen: str = st.selectbox(
        label,
        names,
        index=names.index(default),
        key=key,
        bind="query-params",
        help="One of 1,000 held-out digits, which no training has seen. Type a digit to find it.",
    )
    return position_of(chosen)


def position_of(name: str) -> int:
    """Where the digit called "7, no. 3" is in `held_out().images`."""
    digit, number = name.split(", no. ")
    return held_out().members[int(digit)][int(number) - 1]


def name_of(position: int) -> str:
    """What the digit at a position is called."""
    digits = held_out()
    digit = int(digits.labels[position])
    return f"{digit}, no. {digits.members[digit].index(position) + 1}"
