"""The training loop: a config and a dataset in, events out. It knows no page, no job and no file."""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from training.data.datasets import Dataset
from training.pictures.styles import prior_latents
from training.runs.config import TrainConfig
from training.runs.stepper import Stepper, as_seen
from training.system.errors import UserError

__all__ = ["Event", "Measured", "Pictures", "Saved", "TrainingDiverged", "train"]

LOG_EVERY = 50
HELD_OUT_EVERY = 250
PICTURES_EVERY = 500
EARLY_PICTURES = (0, 100, 200, 300, 400)
SAVE_EVERY = 1000
HELD_OUT_IMAGES = 1000
GRID_IMAGES = 200
RECONSTRUCTED_IMAGES = 8


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
    """All that is needed to go on from this step as if nothing had happened."""

    step: int
    state: dict[str, Any]


Event = Measured | Pictures | Saved


class TrainingDiverged(UserError):
    """A loss or a weight is no longer a finite number."""


def train(
    config: TrainConfig,
    dataset: Dataset,
    on_event: Callable[[Event], None],
    *,
    should_stop: Callable[[], bool] = lambda: False,
    resume: dict[str, Any] | None = None,
) -> int:
    """Train a model and report what happens; the first and the last state are always reported.

    Arguments:
        on_event: called in this thread; what it raises ends the training.
        should_stop: asked before every step.
        resume: the `state` of an earlier `Saved` of this config.

    Returns:
        The number of steps done in all.

    Raises:
        UserError: this machine lacks the config's device.
        TrainingDiverged: the loss is not finite; the last `Saved` before it is sound.
    """
    stepper = Stepper(config, dataset, resume)
    seconds = resume["seconds"] if resume is not None else 0.0
    watcher = _Watcher(stepper.model, dataset, config)
    clock = time.perf_counter() - seconds
    recent = _RunningMeans()

    def log() -> None:
        if recent.steps:
            means = recent.take()
            _require_finite(means, stepper.model, stepper.taken)
            on_event(Measured(stepper.taken, time.perf_counter() - clock, "train", means))

    def observe(*, every: bool) -> None:
        if every or stepper.taken % HELD_OUT_EVERY == 0:
            on_event(watcher.held_out(stepper.taken, time.perf_counter() - clock))
        if every or stepper.taken % PICTURES_EVERY == 0 or stepper.taken in EARLY_PICTURES:
            on_event(watcher.pictures(stepper.taken))

    def save() -> None:
        on_event(Saved(stepper.taken, {**stepper.state(), "seconds": time.perf_counter() - clock}))

    if resume is None:
        save()
        observe(every=True)
    while stepper.taken < config.steps and not should_stop():
        recent.add(stepper.step())
        if stepper.taken % LOG_EVERY == 0:
            log()
        if stepper.taken < config.steps:
            observe(every=False)
            if stepper.taken % SAVE_EVERY == 0:
                save()
    log()
    observe(every=True)
    save()
    return stepper.taken


class _RunningMeans:
    """Means of the terms over the steps since they were last taken; the device is read only then."""

    def __init__(self) -> None:
        self.steps, self.names = 0, list[str]()
        self.totals: Tensor | float = 0.0

    def add(self, reported: Mapping[str, Tensor]) -> None:
        self.names = list(reported)
        self.totals = self.totals + torch.stack(list(reported.values()))
        self.steps += 1

    def take(self) -> dict[str, float]:
        means = (torch.as_tensor(self.totals) / self.steps).tolist()
        self.steps, self.totals = 0, 0.0
        return dict(zip(self.names, means, strict=True))


def _require_finite(means: dict[str, float], model: nn.Module, step: int) -> None:
    if not all(math.isfinite(mean) for mean in means.values()) or not all(
        bool(parameter.isfinite().all()) for parameter in model.parameters()
    ):
        raise TrainingDiverged(
            f"The loss stopped being a number by step {step:,}: start again with a lower learning rate; "
            "the last checkpoint before it is kept."
        )


class _Watcher:
    """Looks at the model without touching its training: fixed held-out images, fixed noise."""

    def __init__(self, model: Any, dataset: Dataset, config: TrainConfig) -> None:
        self.model, self.seed = model, config.seed
        self.device = torch.device(config.device)
        fixed = torch.Generator().manual_seed(config.seed)
        self.images = as_seen(dataset.test.images[:HELD_OUT_IMAGES], dataset.binary, fixed).to(self.device)
        self.digits = dataset.test.labels[:HELD_OUT_IMAGES].to(self.device)
        first_of_class = [int((dataset.test.labels == digit).int().argmax()) for digit in range(10)]
        shown = first_of_class[:RECONSTRUCTED_IMAGES]
        self.originals = dataset.test.images[shown].to(self.device).float() / 255
        self.shown_digits = dataset.test.labels[shown].to(self.device)
        noise = torch.Generator(self.device).manual_seed(config.seed)
        if model.conditional:
            self.latents = prior_latents(model, GRID_IMAGES, generator=noise)
        else:
            self.latents = model.sample_prior(GRID_IMAGES, generator=noise)

    @torch.inference_mode()
    def held_out(self, step: int, seconds: float) -> Measured:
        """The terms on the held-out images, with the same noise at every call."""
        noise = torch.Generator(self.device).manual_seed(self.seed)
        means = self.model.elbo_terms(self.images, self.digits, generator=noise).means()
        terms = {name: float(mean) for name, mean in means.items()}
        return Measured(step, seconds, "held-out", terms | self.model.diagnose(self.images, self.digits))

    @torch.inference_mode()
    def pictures(self, step: int) -> Pictures:
        """Samples of the fixed noise, and the fixed images with their reconstructions."""
        return Pictures(
            step,
            samples=self.model.decode_mean(self.latents).cpu(),
            originals=self.originals.cpu(),
            reconstructions=self.model.reconstruct(self.originals, self.shown_digits).cpu(),
        )
