"""The numbers that describe a tensor of weights, whatever its kind."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import inf, sqrt

import torch
from torch import Tensor

from training.checkpoints.pickle_scan import shown

__all__ = ["Statistics", "statistics_of"]

PART = 2**20  # values looked at together


@dataclass(frozen=True)
class Statistics:
    """One tensor in numbers.

    Attributes:
        name: cut to what a line can hold.
        dtype: torch's word, without "torch.".
        count: of its values.
        mean, deviation, least, largest: of its finite values; the deviation is that of the values themselves, not of
            a population behind them. None where there are none, and for complex and other numbers without an order.
        not_finite: how many values are NaN or infinite.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    count: int
    mean: float | None = None
    deviation: float | None = None
    least: float | None = None
    largest: float | None = None
    not_finite: int = 0


def statistics_of(tensors: Mapping[str, Tensor]) -> list[Statistics]:
    """Every tensor in numbers, in the mapping's order. Any tensor will do: empty, sparse, of eight bits."""
    return [_statistics(name, value) for name, value in tensors.items() if not value.is_nested]


def _statistics(name: str, value: Tensor) -> Statistics:
    plain = Statistics(shown(str(name)), tuple(value.shape), str(value.dtype).removeprefix("torch."), value.numel())
    try:
        return _measured(plain, value)
    except (RuntimeError, NotImplementedError, TypeError):  # kinds of numbers that are only stored
        return plain


def _measured(plain: Statistics, value: Tensor) -> Statistics:
    if value.is_complex() or value.is_meta:
        return plain
    least, largest, count = inf, -inf, 0
    for part in _parts(value):
        finite = part[part.isfinite()]
        count += len(finite)
        if len(finite):
            least, largest = min(least, float(finite.min())), max(largest, float(finite.max()))
    plain = replace(plain, not_finite=plain.count - count)
    if not count:
        return plain
    scale = max(abs(least), abs(largest)) or 1.0  # so that the squares of the largest doubles are still numbers
    mean = sum(float((part[part.isfinite()] / scale).sum()) for part in _parts(value)) / count
    squares = sum(float((part[part.isfinite()] / scale - mean).square().sum()) for part in _parts(value))
    return replace(plain, mean=mean * scale, deviation=sqrt(squares / count) * scale, least=least, largest=largest)


def _parts(value: Tensor) -> Iterator[Tensor]:
    """The same values as float64, some at a time: (at most PART,) each."""
    dense = value.detach() if value.layout == torch.strided else value.detach().to_dense()
    dense = dense.dequantize() if dense.is_quantized else dense
    flat = dense.reshape(-1)
    for start in range(0, flat.numel(), PART):
        yield flat[start : start + PART].to(torch.float64)
