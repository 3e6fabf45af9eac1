"""A picture that somebody uploads, made like SVHN's: upright, square, 32 x 32 in colour."""

import io
import warnings

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from training.data.svhn import SIDE
from training.system.errors import UserError

__all__ = ["FORMATS", "MOST_BYTES", "MOST_PIXELS", "read_photo"]

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
MOST_BYTES = 20 * 2**20
MOST_PIXELS = 25_000_000
LEAST_SIDE = 2
PAPER = (128, 128, 128)  # behind what is transparent


def read_photo(content: bytes, *, zoom: float = 1.0, across: float = 0.5, down: float = 0.5) -> Tensor:
    """A square part of a picture as a model of SVHN sees it: uint8 (3072,), channel by channel.

    The first frame of an animated one is taken, turned upright by its own note; transparent parts become grey.

    Arguments:
        zoom: 1 takes the largest square; 4 a square of a quarter of its side.
        across, down: where the square lies, from 0, left or top, to 1.

    Raises:
        UserError: it is no picture, damaged, too large or too small.
    """
    if len(content) > MOST_BYTES:
        raise UserError(
            f"This file has {len(content) / 2**20:.0f} MB: take a picture of at most {MOST_BYTES // 2**20} MB."
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of bombs, whose limit is ours, and of cut-off files, which still show
            picture = Image.open(io.BytesIO(content), formats=FORMATS)
            picture.draft("RGB", (16 * SIDE, 16 * SIDE))  # a large JPEG is read at a fraction of its size
            _check_size(*picture.size)
            upright = _in_colour(ImageOps.exif_transpose(picture))
    except Image.DecompressionBombError as error:
        raise _too_large("far too many") from error
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise UserError("This file cannot be read as a picture: take a PNG, a JPEG or a WebP.") from error
    width, height = upright.size
    side = max(1.0, min(width, height) / max(zoom, 1.0))
    left, top = across * (width - side), down * (height - side)
    square = upright.resize(
        (SIDE, SIDE),
        Image.Resampling.BOX if side > SIDE else Image.Resampling.BILINEAR,
        box=(left, top, left + side, top + side),
    )
    return torch.from_numpy(np.array(square)).permute(2, 0, 1).flatten()


def _check_size(width: int, height: int) -> None:
    if width * height > MOST_PIXELS:
        raise _too_large(f"{width * height / 1e6:.0f}")
    if min(width, height) < LEAST_SIDE:
        raise UserError(
            f"This picture has {width} x {height} pixels: take one of at least {LEAST_SIDE} x {LEAST_SIDE}."
        )


def _too_large(megapixels: str) -> UserError:
    return UserError(f"This picture has {megapixels} megapixels: take one of at most {MOST_PIXELS // 10**6}.")


def _in_colour(picture: Image.Image) -> Image.Image:
    """Red, green and blue, whatever the picture holds: 16 bits, CMYK, a palette, transparency."""
    if picture.mode.startswith(("I", "F")):  # 16 or 32 bits of grey, which convert() would cut off in place of scaling
        values = np.asarray(picture, dtype=np.float64)
        low, high = (0.0, 65535.0) if picture.mode.startswith("I;16") else (float(values.min()), float(values.max()))
        grey = (values - low) / max(high - low, 1e-12) * 255
        return Image.fromarray(np.nan_to_num(grey).clip(0, 255).astype(np.uint8)).convert("RGB")
    if picture.has_transparency_data:
        seen = picture.convert("RGBA")
        paper = Image.new("RGBA", seen.size, (*PAPER, 255))
        return Image.alpha_composite(paper, seen).convert("RGB")
    return picture.convert("RGB")
