"""The swap matrix: every digit in every style, below the images that the styles come from, or their reconstructions."""

from typing import TYPE_CHECKING, NamedTuple

import streamlit as st

from pages.draw import figures
from pages.kit import services
from training.data.registry import data_set
from training.system.errors import UserError

if TYPE_CHECKING:
    from PIL import Image

    from training.checkpoints.reading import Checkpoint
    from training.data.data_set import DataSet

__all__ = ["LONGEST_NUMBERS", "Matrix", "image_numbers", "matrix", "show_matrix"]

MOST_NAMED = 20
MOST_NUMBERS = 200  # columns of a matrix on a page
LONGEST_NUMBERS = 5000


class Matrix(NamedTuple):
    """A picture of digits by styles.

    Attributes:
        picture: a PNG that was there already, or an image that is not encoded yet: the browser gets a lighter form.
        styles: its columns.
        facts: what it shows, for the file.
        sources: digit and number of the test image that each column's style is of; empty where it is of none. Then the
            rows of digits have the images' plain reconstructions above them.
        with_images: whether above these stand the images themselves.
    """

    picture: "bytes | Image.Image"
    styles: int
    facts: dict[str, str | int]
    sources: tuple[tuple[int, int], ...] = ()
    with_images: bool = False

    def png(self) -> bytes:
        """The file to keep."""
        if isinstance(self.picture, bytes):
            return self.picture
        from training.pictures.grids import png_bytes

        return png_bytes(self.picture, **self.facts)


def image_numbers(text: str, data: "DataSet") -> str:
    """A text of numbers of test images, as `training.pictures.styles.find_styles` takes it.

    Raises:
        UserError: it is empty or no list of numbers, or there are too many.
    """
    words = text.replace(",", " ").split()
    if not words or not all(word.isdecimal() and len(word) < 10 for word in words):
        raise UserError(
            f"Write numbers of {data.title} test images into the box, from 0 to {data.test_images - 1:,}, with commas "
            "between them: 3, 14, 15."
        )
    if len(words) > MOST_NUMBERS:
        raise UserError(f"There are {len(words):,} numbers in the box: take up to {MOST_NUMBERS}.")
    return ",".join(words)


def matrix(source: "Checkpoint", asked: str, seed: int) -> Matrix:
    """Every digit in every style; above it the reconstructions of the images that the styles come from.

    Where its data set is on disk, the images themselves stand above these.

    Raises:
        UserError: see `training.pictures.styles.find_styles`.
    """
    return _matrix(source, asked, seed, data_set(source.data).on_disk())


@st.cache_data(max_entries=64, show_spinner=False, hash_funcs=services.BY_WEIGHTS)
def _matrix(source: "Checkpoint", asked: str, seed: int, with_images: bool) -> Matrix:
    import torch

    from training.data.datasets import load_dataset
    from training.pictures import grids as pictures
    from training.pictures.styles import conditional_model, find_styles, swap

    model = conditional_model(source)
    styles = find_styles(source, asked, seed=seed, model=model)
    rows = [swap(model, styles.z)]
    sources: tuple[tuple[int, int], ...] = ()
    if styles.indices is not None and styles.digits is not None:
        sources = tuple(zip(styles.digits.tolist(), styles.indices.tolist(), strict=True))
        with torch.inference_mode():
            rows.insert(0, model.decode_mean(model.latents(styles.z, styles.digits)))
        if with_images:
            rows.insert(0, load_dataset(source.data).test.images[styles.indices].float() / 255)
    count = len(styles.z)
    picture = pictures.grid(pictures.to_uint8(torch.cat(rows)), columns=count)
    facts: dict[str, str | int] = {"checkpoint": source.sha256, "styles": asked, "seed": seed}
    return Matrix(picture, count, facts, sources, with_images and bool(sources))


def show_matrix(shown: Matrix, name: str) -> None:
    """The matrix with what its rows and columns are."""
    above, beside = "", ""
    if shown.with_images:
        above = "From the top: the images that the styles come from, and their plain reconstructions. Then rows: the "
        beside = ", below the source images and their reconstructions"
    elif shown.sources:
        above = (
            "Top row: plain reconstructions of the images that the styles come from; the images themselves are not on "
            "this server. Then rows: the "
        )
        beside = ", below plain reconstructions of the source images, which are not on this server"
    columns = "1 column" if shown.styles == 1 else f"{shown.styles} columns"
    origin = f", of {_named(shown.sources)}" if shown.sources else ""
    figures.picture(
        shown.picture,
        key="matrix",
        alt=f"Digits drawn by {name}: {columns}, one for each style{origin}, and a row for each digit "
        f"from 0 to 9{beside}",
        caption=f"{above or 'Rows: the '}digits 0 to 9. Columns: one style z each{origin}.",
    )


def _named(sources: tuple[tuple[int, int], ...]) -> str:
    """Test images by their numbers, each with the digit that it shows."""
    summary = ", ".join(f"{number} ({digit})" for digit, number in sources[:MOST_NAMED])
    if len(sources) > MOST_NAMED:
        summary += f" and {len(sources) - MOST_NAMED} more"
    return f"test image{'s' if len(sources) > 1 else ''} (in brackets: the digit) {summary}"
