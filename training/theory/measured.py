"""A number of a derivation: exact, or an estimate with its error. Light (no torch)."""

import math
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["EXACT", "Measured", "Numbers", "agree", "estimate"]

EXACT = 1e-5  # nats: how near two exact numbers of one quantity lie
WITHIN = 4.0  # standard errors: one of 15,000 honest comparisons is farther off


class Measured(NamedTuple):
    """A number, in nats unless its label says otherwise, and its Monte-Carlo standard error: 0 if it is exact."""

    value: float
    error: float = 0.0


Numbers = dict[str, Measured]


def estimate(draws: "Tensor") -> Measured:
    """The mean of independent draws (n,), and the standard error of that mean."""
    return Measured(float(draws.mean()), float(draws.std()) / len(draws) ** 0.5)


def agree(left: Measured, right: Measured) -> bool:
    """Whether two numbers of one quantity agree: exact ones to 1e-5, others within four standard errors."""
    apart = abs(left.value - right.value)
    error = math.hypot(left.error, right.error)
    return apart <= (WITHIN * error if error else EXACT)
