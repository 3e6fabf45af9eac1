"""The homework's networks: plain multi-layer perceptrons with torch's default initialisation."""

from collections.abc import Sequence
from itertools import pairwise

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

    def forward(self, x: Tensor) -> Tensor:
        """(..., sizes[0]) -> (..., sizes[-1])."""
        output: Tensor = self.net(x)
        return output
