"""A picture that a visitor uploads, and its style under all ten digits."""

from typing import TYPE_CHECKING, NamedTuple

import streamlit as st

from pages.draw import figures
from pages.draw.strips import Strip, strip_of, strips
from pages.kit import frame
from pages.kit.address import page_key

if TYPE_CHECKING:
    import torch

    from training.checkpoints.reading import Checkpoint

__all__ = ["Photo", "asked_photo", "photo_rows"]


LONGEST_NAME = 40


class Photo(NamedTuple):
    """A picture as a model of colour images sees it, uint8 (3072,), the digit that it shows, its file's name."""

    pixels: "torch.Tensor"
    digit: int
    name: str


def asked_photo() -> Photo | None:
    """Ask for a picture, its part and its digit; None while there is none.

    Raises:
        UserError: see `training.pictures.photos.read_photo`.
    """
    from training.pictures.photos import FORMATS, MOST_BYTES, read_photo

    suffixes = [name.lower() for name in (*FORMATS, "JPG", "TIF")]
    upload = st.file_uploader("A picture with one digit", suffixes, key="photo", max_upload_size=MOST_BYTES // 2**20)
    digit: int = st.selectbox("The digit that it shows", list(range(10)), 3, key=page_key("shows"), bind="query-params")
    zoom = st.slider(
        "Zoom",
        1.0,
        8.0,
        1.0,
        0.1,
        key=page_key("zoom"),
        bind="query-params",
        help="How much smaller a square is taken.",
    )
    across = st.slider("Left to right", 0, 100, 50, key=page_key("across"), bind="query-params", format="%d%%")
    down = st.slider("Top to bottom", 0, 100, 50, key=page_key("down"), bind="query-params", format="%d%%")
    if upload is None:
        return None
    pixels = read_photo(upload.getvalue(), zoom=zoom, across=across / 100, down=down / 100)
    return Photo(pixels, digit, upload.name[:LONGEST_NAME])


def photo_rows(source: "Checkpoint", photo: Photo) -> bytes:
    """A picture, its reconstruction, and its style under all ten digits; returns the twelve as one PNG."""
    import torch

    from training.data.datasets import Images
    from training.pictures import grids as pictures
    from training.pictures.styles import conditional_model, image_styles, swap

    model = conditional_model(source)
    pixels, digit = photo.pixels, torch.tensor([photo.digit])
    z = image_styles(model, Images(pixels.unsqueeze(0), digit))
    with torch.inference_mode():
        reconstruction = model.decode_mean(model.latents(z, digit))
    pair, swapped = torch.cat([pixels.unsqueeze(0).float() / 255, reconstruction]), swap(model, z)
    seen, drawn, said = st.columns([1, 1, 2], gap="medium", vertical_alignment="center")
    with seen:
        # By name: a file that is too large never arrives, and the one before it stays.
        named = f"Your picture, {photo.name}"
        figures.picture(strip_of(pair[:1]), key="photo-seen", alt=named, caption=frame.plain(named))
    with drawn:
        named = f"Your picture, reconstructed as {photo.digit}"
        figures.picture(strip_of(pair[1:]), key="photo-again", alt=named, caption=f"Reconstructed as {photo.digit}")
    said.markdown(
        "The model sees 32 x 32 pixels of your picture. It keeps the digit that you chose and a style $z$, and from "
        "these two it reconstructs the picture. Below, the same style under every digit."
    )
    strips(
        [Strip("its style", "in 0 to 9", strip_of(swapped), "The style of your picture under every digit from 0 to 9")]
    )
    every = pictures.to_uint8(torch.cat([pair, swapped]))
    return pictures.png_bytes(pictures.grid(every, columns=12), checkpoint=source.sha256)
