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
        activation: class of the activation, ELU in encoders and decoders; it works in place.
    """

    def __init__(self, sizes: Sequence[int], activation: type[nn.Module] = nn.ELU) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for inputs, outputs in pairwise(sizes):
            layers += [nn.Linear(inputs, outputs), activation(inplace=True)]
        self.net = nn.Sequential(*layers[:-1])

    def for_every_label(self, x: Tensor, labels: int) -> Tensor:
        """The outputs for x with each one-hot label appended, without tiling x.

        The first layer is linear, so x passes it once and each label only adds its own column of weights.

        Arguments:
            x: (..., 1 or labels, sizes[0] - labels).

        Returns:
            Shape (..., labels, sizes[-1]); entry j equals `forward` of x[..., j, :] with one_hot(j) after it.
        """
        shared, of_label = self._first_layer(x, labels)
        output: Tensor = self.net[1:](shared + of_label)
        return output

    def for_labels(self, x: Tensor, row: Tensor, label: Tensor, labels: int) -> Tensor:
        """The outputs for pairs of a row of x and a one-hot label; each row passes the first layer once.

        Arguments:
            x: (batch, sizes[0] - labels).
            row, label: int64 (pairs,), from 0 to below batch and below labels.

        Returns:
            Shape (pairs, sizes[-1]); entry i equals `forward` of x[row[i]] with one_hot(label[i]) after it.
        """
        shared, of_label = self._first_layer(x, labels)
        output: Tensor = self.net[1:](shared.index_select(0, row) + of_label.index_select(0, label))
        return output

    def _first_layer(self, x: Tensor, labels: int) -> tuple[Tensor, Tensor]:
        """What the first layer, which is linear, makes of x, and what each of the labels adds to that."""
        first = self.net[0]
        assert isinstance(first, nn.Linear)
        shared = F.linear(x, first.weight[:, :-labels], first.bias)
        return shared, first.weight[:, -labels:].T.to(shared.dtype)

    def forward(self, x: Tensor) -> Tensor:
        """(..., sizes[0]) -> (..., sizes[-1])."""
        output: Tensor = self.net(x)
        return output
