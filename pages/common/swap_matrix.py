"""The swap matrix: every digit in every style, below the images that the styles come from."""

from typing import TYPE_CHECKING, NamedTuple

import streamlit as st

from pages.common import figures
from training.dataset_names import on_disk

if TYPE_CHECKING:
    from PIL import Image

    from training.checkpoints import Checkpoint

__all__ = ["Matrix", "matrix", "show_matrix"]


class Matrix(NamedTuple):
    """A picture of digits by styles.

    Attributes:
        picture: a PNG that was there already, or one that nobody has asked for yet: the browser gets a lighter form.
        styles: its columns.
        with_images: whether its first two rows are the images and their reconstructions.
        facts: what it shows, for the file.
    """

    picture: "bytes | Image.Image"
    styles: int
    with_images: bool
    facts: dict[str, str | int]

    def png(self) -> bytes:
        """The file to keep."""
        if isinstance(self.picture, bytes):
            return self.picture
        from training.pictures import png_bytes

        return png_bytes(self.picture, **self.facts)


def matrix(source: "Checkpoint", asked: str, seed: int) -> Matrix:
    """Every digit in every style; above it the images that the styles come from, where SVHN is on disk.

    Raises:
        UserError: see `training.styles.find_styles`.
    """
    return _matrix(source.sha256, asked, seed, on_disk("svhn"), source)


@st.cache_data(max_entries=64, show_spinner=False)
def _matrix(sha256: str, asked: str, seed: int, with_svhn: bool, _source: "Checkpoint") -> Matrix:
    import torch

    from training import pictures
    from training.data import load_dataset
    from training.styles import conditional_model, find_styles, swap

    model, styles = conditional_model(_source), find_styles(_source, asked, seed=seed)
    tiles = swap(model, styles.z)
    with_images = with_svhn and styles.indices is not None and styles.digits is not None
    if styles.indices is not None and styles.digits is not None and with_svhn:
        images = load_dataset("svhn").test.images[styles.indices].float() / 255
        with torch.inference_mode():
            again = model.decode_mean(model.latents(styles.z, styles.digits))
        tiles = torch.cat([images, again, tiles])
    count = len(styles.z)
    picture = pictures.grid(pictures.to_uint8(tiles), columns=count)
    return Matrix(picture, count, with_images, {"checkpoint": sha256, "styles": asked, "seed": seed})


def show_matrix(shown: Matrix, name: str) -> None:
    """The matrix with what its rows are."""
    above = "From the top: the images that the styles come from, and their plain reconstructions. Then rows: the "
    figures.picture(
        shown.picture,
        key="matrix",
        alt=f"House-number digits drawn by {name}: {shown.styles} columns, one for each style, and a row for each "
        f"digit from 0 to 9{', below the source images and their reconstructions' if shown.with_images else ''}",
        caption=f"{above if shown.with_images else 'Rows: the '}digits 0 to 9. Columns: one style z each.",
    )
