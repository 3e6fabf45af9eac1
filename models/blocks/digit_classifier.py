"""A small classifier of house numbers: an independent judge of which digit a drawn image shows.

Convolutions of 3 x 3 with batch normalisation, the side halved three times, then the mean over the picture: about a
quarter of a million parameters. It takes no part in the training of any other model.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn

__all__ = ["DigitClassifier"]

SIDE = 32
CHANNELS = (3, 24, 48, 64, 96, 96, 128)
STRIDES = (1, 2, 1, 2, 1, 2)
DIGITS = 10


class DigitClassifier(nn.Module):
    """Logits (batch, 10) of the digit in the middle of colour images (batch, 3072), channel by channel, in 0..1."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for (inputs, outputs), stride in zip(pairwise(CHANNELS), STRIDES, strict=True):
            convolution = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)
            layers += [convolution, nn.BatchNorm2d(outputs), nn.ELU()]
        self.conv = nn.Sequential(*layers)
        self.head = nn.Linear(CHANNELS[-1], DIGITS)

    def forward(self, x: Tensor) -> Tensor:
        images = x.unflatten(-1, (CHANNELS[0], SIDE, SIDE))
        logits: Tensor = self.head(self.conv(images).mean((-2, -1)))
        return logits

    @torch.inference_mode()
    def read(self, x: Tensor) -> Tensor:
        """The predicted digits, int64 (batch,); the network must be in evaluation mode."""
        return self(x).argmax(-1)
