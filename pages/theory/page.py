"""What every chapter of Theory is made of: the frame, the choice of a digit and of weights, the chain, the notes."""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import streamlit as st

from pages.choose.evaluation_images import address_of, held_out, name_of, pick_digit
from pages.draw import figures
from pages.kit import frame, services
from pages.kit.address import page_key
from pages.kit.guard import section
from pages.theory.chain import chain
from pages.theory.chapter import Chapter, chapter_of
from training.checkpoints.model_ref import model_ref
from training.data.registry import data_set_or_first, whole
from training.theory.measured import Numbers

if TYPE_CHECKING:
    from torch import Tensor

    from training.checkpoints.reading import Checkpoint

__all__ = ["Subject", "theory_page"]


class Subject(NamedTuple):
    """What a chapter's numbers are of: a model's weights and one test image, float (pixels,), with its label."""

    shipped: str
    source: "Checkpoint"
    data: str
    position: int

    @property
    def image(self) -> "Tensor":
        return held_out(self.data).images[self.position]

    @property
    def places(self) -> dict[str, str]:
        """What links to other pages may name: the model, the image and its class as these pages call them."""
        return {
            "model": f"shipped {self.shipped}",
            "image": address_of(self.data, self.position),
            "class": str(self.label),
        }

    @property
    def label(self) -> int:
        return int(held_out(self.data).labels[self.position])

    @property
    def name(self) -> str:
        """Of the image, on the page."""
        return name_of(self.data, self.position)


Numbering = Callable[[Subject], Numbers]
Picturing = Callable[[Subject, Numbers], None]


def theory_page(script: str, numbers_of: Numbering, picture: Picturing | None = None) -> None:
    """Draw a chapter.

    Arguments:
        script: the page's own `__file__`; its text lies beside it.
        numbers_of: every number that the text names, quick or kept.
        picture: drawn above the chain.
    """
    chapter = chapter_of(script)
    file = f"pages/theory/{script.replace(chr(92), '/').rpartition('/')[2]}"
    frame.mend_link(file)
    about = data_set_or_first(model_ref("shipped", chapter.models[0]).data)
    frame.header(chapter.title, chapter.question, data=whole(about.name))
    derivation, controls = st.columns([2.4, 1], gap="large")
    chosen: list[Subject] = []
    with controls, st.container(key="subject"), section("controls"):
        chosen.append(_choose(chapter))
    with derivation, section("chapter"):
        st.markdown(chapter.intro)
        for subject in chosen:  # none, where its image or its weights are missing, which is said beside it
            _derive(chapter, subject, numbers_of, picture)
    st.space("small")
    frame.notes(chapter.notes)


def _derive(chapter: Chapter, subject: Subject, numbers_of: Numbering, picture: Picturing | None) -> None:
    """The picture of a chapter, and its lines."""
    numbers = numbers_of(subject)
    if picture is not None:
        with section("picture"):
            picture(subject, numbers)
    chain(chapter, subject.source.family.name, numbers, subject.places)


def _choose(chapter: Chapter) -> Subject:
    """The weights, the image and its picture, all in the address."""
    shown = st.empty()
    named: str = st.segmented_control(
        "Weights",
        chapter.models,
        default=chapter.models[0],
        required=True,
        key=page_key("weights"),
        bind="query-params",
        help="Of a model that ships with the app.",
    )
    source = services.checkpoint(model_ref("shipped", named))
    position = pick_digit(source.data, "Image", "digit", "3, no. 1")
    subject = Subject(named, source, source.data, position)
    with shown.container():
        _, middle, _ = st.columns([1, 2, 1])
        with middle:
            figures.picture(_png(subject.data, position), key="digit", alt=f"The test image {subject.name}")
    frame.share()
    return subject


@st.cache_data(max_entries=64, show_spinner=False)
def _png(data: str, position: int) -> bytes:
    from training.pictures import grids as pictures

    images = held_out(data).images[position : position + 1]
    return pictures.png_bytes(pictures.grid(pictures.to_uint8(images), columns=1))
