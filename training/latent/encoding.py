"""What an encoder and a decoder have made of latent space: codes of images, dimensions in use, paths and planes."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from models.contract import Model, density_of

__all__ = [
    "ACTIVE",
    "Encoding",
    "Share",
    "encode",
    "principal_directions",
    "spherical",
    "split_nelbo",
    "straight",
    "traversals",
]

ACTIVE = 0.01
IMAGES_AT_ONCE = 1000


@dataclass(frozen=True)
class Encoding:
    """The codes of n images.

    Attributes:
        mean, variance: of q(z|x), (n, z) each.
        latents: what `decode_mean` takes to draw each image again: (n, z), or (n, z + y) with its likeliest label or
            the digit that was given.
        kl: KL of each dimension of each code, in nats: (n, z); see the models' `kl_per_dimension`.
    """

    mean: Tensor
    variance: Tensor
    latents: Tensor
    kl: Tensor

    @property
    def dimension_kl(self) -> Tensor:
        """Mean KL of each dimension over the images, in nats: (z,)."""
        return self.kl.mean(0)

    @property
    def active(self) -> Tensor:
        """Whether each dimension's posterior mean varies with the image: its variance is above 0.01, bool (z,).

        Burda, Grosse & Salakhutdinov 2016, section 5: "active units". A dimension that is not has collapsed.
        """
        return self.mean.var(0) > ACTIVE

    def by_kl(self) -> list[int]:
        """The dimensions in order of their KL, the costliest first."""
        return [int(dimension) for dimension in self.dimension_kl.argsort(descending=True)]


@torch.inference_mode()
def encode(model: Model, images: Tensor, digits: Tensor | None = None, *, seed: int = 0) -> Encoding:
    """Encode images, float (n, pixels).

    Arguments:
        digits: of the images, int64 (n,), which a conditional model needs.
        seed: of the KL's noise, for models whose KL has no closed form.
    """
    noise = torch.Generator(images.device).manual_seed(seed)
    labels = digits.split(IMAGES_AT_ONCE) if digits is not None else repeat(None)
    blocks = [(density_of(model, y), block) for block, y in zip(images.split(IMAGES_AT_ONCE), labels, strict=False)]
    codes = [density.posterior(block) for density, block in blocks]
    return Encoding(
        mean=torch.cat([code[0] for code in codes]),
        variance=torch.cat([code[1] for code in codes]),
        latents=torch.cat([density.encode(block) for density, block in blocks]),
        kl=torch.cat([density.kl_per_dimension(block, generator=noise) for density, block in blocks]),
    )


def principal_directions(points: Tensor, count: int = 2) -> tuple[Tensor, Tensor]:
    """The principal directions of points (n, d): unit rows (count, d), and their standard deviations (count,).

    Each direction's largest entry is positive, so that the same points give the same picture everywhere. Where there
    are fewer directions than asked for, zeros take their place: points of one dimension lie on a line.
    """
    _, spread, directions = torch.linalg.svd(points - points.mean(0), full_matrices=False)
    directions, spread = directions[:count], spread[:count] / max(len(points) - 1, 1) ** 0.5
    largest = directions.gather(1, directions.abs().argmax(1, keepdim=True))
    lacking = count - len(directions)
    return F.pad(directions * largest.sign(), (0, 0, 0, lacking)), F.pad(spread, (0, lacking))


@torch.inference_mode()
def traversals(model: Model, latent: Tensor, dimensions: Sequence[int], values: Tensor) -> Tensor:
    """Mean images with one dimension at a time set to each value: (dimensions * values, pixels), a row each.

    Arguments:
        latent: (z,) or (z + y,), where the other dimensions stay.
        values: (count,), or (dimensions, count) where each dimension has its own.
    """
    rows = latent.expand(len(dimensions), values.shape[-1], -1).clone()
    for row, dimension, own in zip(rows, dimensions, values.expand(len(dimensions), -1), strict=True):
        row[:, dimension] = own
    return model.decode_mean(rows.flatten(0, 1))


class Share(NamedTuple):
    """A mean over draws of z, in nats, and its Monte-Carlo standard error."""

    mean: float
    error: float


@torch.inference_mode()
def split_nelbo(
    model: Model, image: Tensor, digit: int | None = None, *, passes: int = 100, seed: int = 0
) -> tuple[dict[str, Share], Tensor]:
    """The terms of one image's NELBO by name, and its KL of each dimension, in nats: means over `passes` draws of z.

    Arguments:
        image: (pixels,); zeros and ones for MNIST's models.
        digit: its label; which a conditional model needs.

    Returns:
        The terms as `elbo_terms` names them, and (z,); see the models' `kl_per_dimension`.
    """
    copies, noise = image.expand(passes, -1), torch.Generator().manual_seed(seed)
    density = density_of(model, None if digit is None else torch.full((passes,), digit))
    named = density.elbo_terms(copies, generator=noise).named()
    terms = {name: Share(float(value.mean()), float(value.std()) / passes**0.5) for name, value in named.items()}
    return terms, density.kl_per_dimension(copies, generator=noise).mean(0)


def straight(start: Tensor, end: Tensor, steps: int) -> Tensor:
    """`steps` latents evenly along the line from start (d,) to end (d,), both included: (steps, d)."""
    t = torch.linspace(0, 1, steps).unsqueeze(1)
    return start + t * (end - start)


def spherical(start: Tensor, end: Tensor, steps: int) -> Tensor:
    """The same along the arc around the origin, its radius growing evenly (Shoemake 1985, eq. for slerp).

    A straight line between two draws from a normal prior passes through its middle, nearer to the origin than
    almost any draw; the arc keeps its distance. Where start and end point the same way, or one is the origin, it is
    the straight line.
    """
    lengths = start.norm(), end.norm()
    if min(lengths) == 0:
        return straight(start, end, steps)
    a, b = start / lengths[0], end / lengths[1]
    angle = torch.arccos((a @ b).clamp(-1, 1))
    if angle.sin() < 1e-4:
        return straight(start, end, steps)
    t = torch.linspace(0, 1, steps).unsqueeze(1)
    directions = ((1 - t) * angle).sin() / angle.sin() * a + (t * angle).sin() / angle.sin() * b
    return directions * (lengths[0] + t * (lengths[1] - lengths[0]))
