"""What a training reports while it runs."""

from dataclasses import dataclass
from typing import Any

from torch import Tensor

__all__ = ["Event", "Measured", "Pictures", "Saved"]


@dataclass(frozen=True)
class Measured:
    """Batch means of the terms, in nats: over the steps since the last event, or over held-out images."""

    step: int
    seconds: float
    split: str  # "train" or "held-out"
    terms: dict[str, float]


@dataclass(frozen=True)
class Pictures:
    """Mean images in 0..1: samples of the same noise (200, pixels); images and reconstructions (8, pixels).

    A conditional model's samples are 20 styles in all ten digits: digit by digit, style by style.
    """

    step: int
    samples: Tensor
    originals: Tensor
    reconstructions: Tensor


@dataclass(frozen=True)
class Saved:
    """All that is needed to resume from this step as if nothing had happened."""

    step: int
    state: dict[str, Any]


Event = Measured | Pictures | Saved
