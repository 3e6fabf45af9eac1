"""What a training reports while it runs."""

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from training.runs.control import Setting

__all__ = ["Changed", "Event", "Health", "Measured", "Pictures", "Saved", "Stepped"]


@dataclass(frozen=True)
class Measured:
    """Batch means of the terms, in nats: over the steps since the last event, or over held-out images.

    Attributes:
        interim: it stands at a step where a training that is not stopped measures nothing; forgotten at a resume.
    """

    step: int
    seconds: float
    split: str  # "train" or "held-out"
    terms: dict[str, float]
    interim: bool = False


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
class Health:
    """How a model is doing inside, on held-out images.

    Attributes:
        kl_per_dimension: KL of each latent dimension, in nats.
        means: the first two dimensions of the posterior means of some fixed images, with their labels.
        active_units: dimensions whose posterior mean varies over the images by more than 0.01 (Burda et al. 2016,
            section 5).
        gradient_norm: of the loss at this step, over all weights; None before the first step.
        megabytes: the most memory that this process has taken so far.
    """

    step: int
    seconds: float
    kl_per_dimension: list[float]
    means: list[list[float]]
    labels: list[int]
    active_units: int
    gradient_norm: float | None
    megabytes: float


@dataclass(frozen=True)
class Stepped:
    """One step that somebody watches.

    Attributes:
        before, after: batch means of the terms in nats, of the same batch and noise, before and after the step.
        gradient_norm: of the loss, over all weights.
        update_norm, weight_norm: how far the step moved the weights, and how large they are, both over all weights.
        learning_rate, kl_weight: of this step.
        pictures: of the model after it.
    """

    step: int
    before: dict[str, float]
    after: dict[str, float]
    gradient_norm: float
    update_norm: float
    weight_norm: float
    learning_rate: float
    kl_weight: float
    pictures: Pictures


@dataclass(frozen=True)
class Changed:
    """A setting that was changed while the training ran: it holds for every step after this one."""

    step: int
    setting: Setting
    value: float


@dataclass(frozen=True)
class Saved:
    """All that is needed to resume from this step as if nothing had happened.

    Attributes:
        kept: its weights are worth keeping beside later ones, to start other trainings from.
    """

    step: int
    state: dict[str, Any]
    kept: bool = False


Event = Measured | Pictures | Health | Stepped | Changed | Saved
