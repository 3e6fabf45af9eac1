"""The homework's networks: plain multi-layer perceptrons with torch's default initialisation."""

from collections.abc import Sequence
from itertools import pairwise

import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["MLP"]


class MLP(nn.Module):
    """Linear layers with an activation between them and none after the last.

    Parameters are named `net.0.weight`, `net.0.bias`, `net.2.weight`, ...: the homework's names.

    Arguments:
        sizes: widths from input to output, for example (784, 300, 300, 20).
        activation: class of the activation, ELU in encoders and decoders.
    """

    def __init__(self, sizes: Sequence[int], activation: type[nn.Module] = nn.ELU) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for inputs, outputs in pairwise(sizes):
            layers += [nn.Linear(inputs, outputs), activation()]
        self.net = nn.Sequential(*layers[:-1])

    def for_every_label(self, x: Tensor, labels: int) -> Tensor:
        """The outputs for x with each one-hot label appended, without tiling x.

        The first layer is linear, so x passes it once and each label only adds its own column of weights.

        Arguments:
            x: (..., 1 or labels, sizes[0] - labels).

        Returns:
            Shape (..., labels, sizes[-1]); entry j equals `forward` of x[..., j, :] with one_hot(j) after it.
        """
        first = self.net[0]
        assert isinstance(first, nn.Linear)
        shared = F.linear(x, first.weight[:, :-labels], first.bias)
        output: Tensor = self.net[1:](shared + first.weight[:, -labels:].T.to(shared.dtype))
        return output

    def forward(self, x: Tensor) -> Tensor:
        """(..., sizes[0]) -> (..., sizes[-1])."""
        output: Tensor = self.net(x)
        return output
