"""The same code under every label: what an SSVAE holds apart."""

import numpy as np
import torch
from torch import Tensor

from models.contract import Classifier
from training.pictures.grids import to_uint8

__all__ = ["draw_analogies"]


@torch.inference_mode()
def draw_analogies(model: Classifier, codes: int | Tensor, *, seed: int = 0) -> np.ndarray:
    """Mean images of every label (rows) with every code (columns): uint8 (labels * codes, side, side).

    Arguments:
        codes: how many to draw from the prior, or the codes themselves, (count, z).
        seed: of codes that are drawn.
    """
    if isinstance(codes, int):
        codes = torch.randn(codes, model.config.z, generator=torch.Generator().manual_seed(seed))
    labels = torch.eye(model.config.y).repeat_interleave(len(codes), 0)
    return to_uint8(model.decode_mean(torch.cat([codes.repeat(model.config.y, 1), labels], -1)))
