"""The test images that pages on latent space look at, their codes under a model, and a way to choose one.

They are of the data set that a model learned from: of itself where it is on disk, else of what stands in for it.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import streamlit as st

from pages.kit import services
from pages.kit.address import page_key
from training.data.registry import at_hand
from training.system.errors import UserError

if TYPE_CHECKING:
    from torch import Tensor

    from training.checkpoints.reading import Checkpoint
    from training.latent.encoding import Encoding

__all__ = ["COUNT", "HeldOut", "address_of", "encoded", "held_out", "name_of", "pick_digit", "position_of"]

COUNT = 1000


class HeldOut(NamedTuple):
    """The first 1,000 test images of a data set, and for each class where its members are among them.

    Attributes:
        images: float (n, pixels): zeros and ones, the bits of the evaluation sets, or colours in 0..1.
        labels: int64 (n,).
        members: positions by class.
    """

    images: "Tensor"
    labels: "Tensor"
    members: dict[int, list[int]]


def held_out(data: str) -> HeldOut:
    """Those of a data set, by its name.

    Raises:
        UserError: its files are missing, or not its own.
    """
    return _held_out(at_hand(data).name)


@st.cache_resource(max_entries=4, show_spinner=False)
def _held_out(data: str) -> HeldOut:
    from training.data.datasets import load_dataset

    dataset = load_dataset(data)
    images, labels = dataset.held_out(COUNT), dataset.test.labels[:COUNT]
    classes = range(len(dataset.about.classes))
    return HeldOut(images, labels, {label: (labels == label).nonzero().squeeze(1).tolist() for label in classes})


def encoded(source: "Checkpoint") -> "Encoding":
    """The codes of the held-out images of a model's data set under it.

    Raises:
        UserError: the model takes images of another size.
    """
    source_images = at_hand(source.data)
    pixels = source_images.pixels
    if (taken := source.config.pixels) != pixels:
        raise UserError(
            f"This model takes images of {taken} pixels, and a {source_images.noun} has {pixels}: choose another model."
        )
    return _encoded(source, source_images.name)


@st.cache_resource(max_entries=16, show_spinner=False, hash_funcs=services.BY_WEIGHTS)
def _encoded(source: "Checkpoint", data: str) -> "Encoding":
    from training.latent.encoding import encode

    return encode(source.model, _held_out(data).images)


def pick_digit(data: str, label: str, key: str, default: str) -> int:
    """A picker of one held-out image by class and number; its choice is in the page's address.

    Returns:
        Its position in `held_out(data).images`.
    """
    members = held_out(data).members
    names = [f"{of_class}, no. {number + 1}" for of_class, own in members.items() for number in range(len(own))]
    if st.session_state.get(page_key(key), names[0]) not in names:
        del st.session_state[page_key(key)]  # of another data set, with more of this class
    images = at_hand(data)
    chosen: str = st.selectbox(
        label,
        names,
        index=names.index(default) if default in names else 0,
        format_func=lambda name: _in_words(images.classes, name),
        key=page_key(key),
        bind="query-params",
        help=f"One of 1,000 test {images.plural}, which no training here has seen. Type a {images.noun} to find it.",
    )
    return position_of(data, chosen)


def position_of(data: str, name: str) -> int:
    """Where the image called "7, no. 3" in addresses is in `held_out(data).images`."""
    digit, number = name.split(", no. ")
    return held_out(data).members[int(digit)][int(number) - 1]


def address_of(data: str, position: int) -> str:
    """What the image at a position is called in addresses: by its label."""
    images = held_out(data)
    label = int(images.labels[position])
    return f"{label}, no. {images.members[label].index(position) + 1}"


def name_of(data: str, position: int) -> str:
    """What the image at a position is called on pages: by the name of its class."""
    return _in_words(at_hand(data).classes, address_of(data, position))


def _in_words(classes: Sequence[str], name: str) -> str:
    label, number = name.split(", ")
    return f"{classes[int(label)]}, {number}"
