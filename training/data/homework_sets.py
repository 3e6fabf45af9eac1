"""The homework's ways with images: a choice by position within a class, and pixels drawn once."""

import numpy as np
import torch
from torch import Tensor

from training.data.data_set import Positions

__all__ = ["binarise_once", "choose"]


def choose(labels: Tensor, positions: Positions) -> Tensor:
    """Indices of the chosen images, classes in order 0..9.

    Arguments:
        labels: the class of every image, in the file's order.
        positions: row c holds positions within the images of class c.
    """
    members = [torch.nonzero(labels == digit).squeeze(1) for digit in range(len(positions))]
    return torch.cat([members[digit][row] for digit, row in enumerate(positions)])


def binarise_once(images: Tensor) -> Tensor:
    """One Bernoulli draw of every pixel with numpy's seed 0: the homework's way, so the same bits everywhere.

    Arguments:
        images: uint8 (n, pixels), grey.

    Returns:
        float32 (n, pixels) of zeros and ones.
    """
    grey = images.numpy().astype(np.float32) / np.float32(255)
    return torch.from_numpy(np.random.RandomState(0).binomial(1, grey).astype(np.float32))
