"""What the components of a mixture prior draw, and which of them explain any digit."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from models.contract import Mixture
from training.pictures.grids import to_uint8

__all__ = ["draw_components", "usage"]

IMAGES_AT_ONCE = 1000


@torch.inference_mode()
def usage(model: Mixture, images: Tensor) -> Tensor:
    """How many of the images, float (n, pixels), each component explains best: int64 (k,), summing to n."""
    best = [model.responsibilities(block).argmax(-1) for block in images.split(IMAGES_AT_ONCE)]
    return torch.cat(best).bincount(minlength=model.config.k)


@torch.inference_mode()
def draw_components(model: Mixture, components: Sequence[int], each: int, *, seed: int = 0) -> np.ndarray:
    """Mean images of `each` draws from each component's Gaussian, a row each: uint8 (len * each, side, side).

    The noise of a draw is the same in every row, and in every picture under one seed.
    """
    means, variances = (value[list(components)].unsqueeze(1) for value in model.components())
    noise = torch.randn(each, model.config.z, generator=torch.Generator().manual_seed(seed))
    return to_uint8(model.decode_mean((means + variances.sqrt() * noise).flatten(0, 1)))
