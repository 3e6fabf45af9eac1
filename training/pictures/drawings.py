"""A digit drawn by hand, made like MNIST's own: scaled into a box of 20 x 20 pixels, centred by its mass in 28 x 28.

LeCun et al. 1998, "Gradient-based learning applied to document recognition", section III.A, tells how.
"""

import numpy as np
from PIL import Image

from training.system.errors import UserError

__all__ = ["as_mnist"]

SIDE, BOX, CENTRE = 28, 20, 14  # MNIST's digits have their centre of mass at pixel 14, counted from 0
INK = 16  # grey values below are paper


def as_mnist(drawing: np.ndarray) -> np.ndarray:
    """Ink on paper as a digit of MNIST: uint8 (height, width), ink bright -> uint8 (784,).

    Raises:
        UserError: there is no ink.
    """
    rows, columns = np.nonzero(drawing >= INK)
    if not len(rows):
        raise UserError("Nothing is drawn yet: draw a digit.")
    ink = Image.fromarray(drawing[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1])
    scale = BOX / max(ink.size)
    width, height = (max(1, round(length * scale)) for length in ink.size)
    small = np.asarray(ink.resize((width, height), Image.Resampling.BOX if scale < 1 else Image.Resampling.BILINEAR))
    mass = small.astype(float)
    if not mass.any():  # a hair so thin that it vanished
        raise UserError("This line is too thin to be a digit: draw it again, larger.")
    middle = [(mass.sum(1 - axis) @ np.arange(mass.shape[axis])) / mass.sum() for axis in (0, 1)]
    top, left = (
        int(np.clip(round(CENTRE - centre), 0, SIDE - length))
        for centre, length in zip(middle, small.shape, strict=True)
    )
    digit = np.zeros((SIDE, SIDE), np.uint8)
    digit[top : top + height, left : left + width] = small
    return digit.ravel()
