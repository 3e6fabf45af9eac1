"""From pixel values to pictures: grids without padding, and samples from a model's prior."""

import io
from math import isqrt
from typing import Literal

import numpy as np
import torch
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from torch import Tensor

from models.contract import Conditional, Model, role
from training.pictures.styles import prior_latents
from training.system.errors import UserError

__all__ = ["SampleKind", "draw_samples", "grid", "moving_samples", "png_bytes", "to_uint8"]

SampleKind = Literal["means", "binary"]
QUICK = 3  # of 9: a tenth larger than the best, in a tenth of the time


def to_uint8(pixels: Tensor) -> np.ndarray:
    """Pixel values in 0..1 as images, uint8.

    Grey ones, float (n, side * side), become (n, side, side); colours channel by channel, float
    (n, 3 * side * side), become (n, side, side, 3). No number is both a square and three times one.
    """
    size = pixels.shape[-1]
    channels = 1 if isqrt(size) ** 2 == size else 3
    side = isqrt(size // channels)
    values = (pixels.clamp(0, 1) * 255).round().to(torch.uint8).cpu()
    if channels == 1:
        return values.reshape(-1, side, side).numpy()
    return values.reshape(-1, channels, side, side).movedim(1, -1).numpy()


def grid(images: np.ndarray, columns: int = 20) -> Image.Image:
    """One picture of equal tiles, row by row, with no padding: uint8 (n, height, width) or (n, height, width, 3).

    A last row that is not full is filled with black.
    """
    count, height, width, *colours = images.shape
    rows = -(-count // columns)
    tiles = np.zeros((rows * columns, height, width, *colours), np.uint8)
    tiles[:count] = images
    return Image.fromarray(
        tiles.reshape(rows, columns, height, width, *colours)
        .swapaxes(1, 2)
        .reshape(rows * height, columns * width, *colours)
    )


@torch.inference_mode()
def draw_samples(
    model: Model,
    count: int = 200,
    *,
    seed: int = 0,
    temperature: float = 1.0,
    kind: SampleKind = "means",
) -> np.ndarray:
    """Images sampled from a model's prior, uint8 (count, side, side), or (count, side, side, 3) in colour.

    A conditional model draws 20 styles in all ten digits: laid out in 20 columns, each row shows one digit and each
    column one style.

    Arguments:
        seed: of the latents; image i is the same for every count above i.
        temperature: factor on the prior's standard deviation; 1 is the model itself.
        kind: "means" shows E[x|z], each pixel's probability; "binary" draws every pixel from it, which is what
            the model says an image is.

    Raises:
        UserError: binary samples of a model whose pixels are colours.
    """
    noise = torch.Generator().manual_seed(seed)
    if (conditional := role(model, Conditional)) is not None:
        if kind == "binary":
            raise UserError("This model's pixels are colours, not black or white: show its means.")
        z = prior_latents(conditional, count, temperature=temperature, generator=noise)
    else:
        z = torch.cat([model.sample_prior(1, temperature=temperature, generator=noise) for _ in range(count)])
    means = model.decode_mean(z)
    if kind == "binary":
        means = torch.bernoulli(means, generator=torch.Generator().manual_seed(seed + 1))
    return to_uint8(means)


def png_bytes(image: Image.Image, **facts: object) -> bytes:
    """Encode as PNG with `facts` (what the picture shows) as its text entries."""
    text = PngInfo()
    for name, value in facts.items():
        text.add_itxt(name, str(value))
    buffer = io.BytesIO()
    image.save(buffer, format="png", pnginfo=text, compress_level=QUICK)
    return buffer.getvalue()


@torch.inference_mode()
def moving_samples(model: Model, count: int = 200, *, frames: int = 48, seed: int = 0) -> bytes:
    """An endless path through the prior as an animated WebP: `count` digits that turn into others and back.

    Frame t decodes cos(t) z + sin(t) z', z and z' two independent draws: again a draw from a standard normal
    prior, so every frame is a fair sample. The first frame is `draw_samples` of the same seed.
    """
    noise = torch.Generator().manual_seed(seed)
    z, other = (torch.cat([model.sample_prior(1, generator=noise) for _ in range(count)]) for _ in range(2))
    angles = torch.arange(frames) * (2 * torch.pi / frames)
    pictures = [grid(to_uint8(model.decode_mean(t.cos() * z + t.sin() * other))) for t in angles]
    buffer = io.BytesIO()
    pictures[0].save(
        buffer,
        format="webp",
        save_all=True,
        append_images=pictures[1:],
        duration=100,
        loop=0,
        quality=30,
        method=6,
    )
    return buffer.getvalue()
