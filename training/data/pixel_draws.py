"""From stored images to what a model sees of them."""

import torch
from torch import Tensor

__all__ = ["as_seen", "draw_pixels"]


def as_seen(images: Tensor, binary: bool, generator: torch.Generator) -> Tensor:
    """What a model sees of stored images, float32: pixels drawn from them if binary, else their values in 0..1."""
    return draw_pixels(images, generator) if binary else images.float() / 255


def draw_pixels(grey: Tensor, generator: torch.Generator) -> Tensor:
    """x ~ Bernoulli(grey / 255): uint8 (batch, pixels) -> float32 zeros and ones of the same shape."""
    uniform = torch.rand(grey.shape, generator=generator, device=grey.device)
    return (uniform * 255 < grey).float()
