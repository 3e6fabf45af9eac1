"""The training: the optimiser step (`Trainer.step`) and the loop (`train`). It knows no page, no job and no file."""

import math
import time
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor

from models.contract import Batch
from models.registry import FAMILIES
from training.data.datasets import Dataset, Images
from training.runs.config import TrainConfig
from training.runs.events import Event, Measured, Saved
from training.runs.held_out_watcher import Watcher
from training.runs.pixel_draws import as_seen
from training.system.device import best_device, products_in
from training.system.errors import UserError

__all__ = ["Trainer", "TrainingDiverged", "train"]

LOG_EVERY = 50
HELD_OUT_EVERY = 250
PICTURES_EVERY = 500
EARLY_PICTURES = (100, 200, 300, 400)
SAVE_EVERY = 1000


class TrainingDiverged(UserError):
    """A loss or a weight is no longer a finite number."""


class Trainer:
    """Takes one Adam step after another on the batch mean of the model's loss.

    The learning rate is the config's; in its cooldown, the last share of its steps, it falls linearly to zero.

    Each step takes the next batch of a fresh permutation of the epoch. Binary models see pixels that are drawn anew
    from the grey values (x ~ Bernoulli(grey / 255)), those of colour images the values themselves (x / 255).

    Attributes:
        model: on the config's device, as the last step left it.
        taken: steps taken in all, those before a resume included.

    Raises:
        UserError: this machine lacks the config's device.
    """

    def __init__(self, config: TrainConfig, dataset: Dataset, resume: dict[str, Any] | None = None) -> None:
        self.config = config
        self.device = torch.device(config.device)
        if config.device not in ("cpu", best_device().type):
            raise UserError(f"This run was made on {config.device}, which this machine lacks: start a new run here.")
        self.model = FAMILIES[config.family].fresh(config.model, config.seed).to(self.device)
        self._optimiser = torch.optim.Adam(self.model.parameters(), lr=config.learning_rate, fused=True)
        self._generator = torch.Generator(self.device).manual_seed(config.seed)
        self.taken = 0
        if resume is not None:
            self.model.load_state_dict(resume["model"])
            self._optimiser.load_state_dict(deepcopy(resume["optimiser"]))
            self._generator.set_state(resume["generator"])
            self.taken = resume["step"]
        images, taken = dataset.train.images.shape[1], getattr(config.model, "pixels", 0)
        if images != taken:
            raise UserError(f"An image of {dataset.about.title} is {images:,} numbers, and this model takes {taken:,}.")
        self._binary = dataset.binary
        self._train = _on(self.device, dataset.train)
        self._labelled = Images(self._train.images[:0], self._train.labels[:0])
        if self.model.uses_labels:
            self._labelled = _on(self.device, dataset.labelled(self.model.config.labelled))
        self._batches = math.ceil(len(self._train) / config.batch_size)
        self._order = self._epoch_order()

    def step(self) -> dict[str, Tensor]:
        """Take the next step; the batch means that the model reports, still on the device."""
        batch = self._next_batch()
        with products_in(self.config.precision, self.device.type):
            loss, reported = self.model.objective(batch, generator=self._generator)
        loss.backward()
        self._optimiser.param_groups[0]["lr"] = self._learning_rate()
        self._optimiser.step()
        self._optimiser.zero_grad()  # now, while their memory is in the cache and the next activations can have it
        self.taken += 1
        return reported

    def _next_batch(self) -> Batch:
        position = self.taken % self._batches
        if position == 0 and self.taken:
            self._order = self._epoch_order()
        size = self.config.batch_size
        chosen = self._order[position * size : (position + 1) * size]
        return Batch(
            x=as_seen(self._train.images.index_select(0, chosen), self._binary, self._generator),
            y=self._train.labels.index_select(0, chosen),
            labelled_x=as_seen(self._labelled.images, self._binary, self._generator),
            labelled_y=self._labelled.labels,
        )

    def _epoch_order(self) -> Tensor:
        """This epoch's permutation: of the seed and the epoch alone, so a resumed run meets it again."""
        epoch = self.taken // self._batches
        generator = torch.Generator().manual_seed((self.config.seed << 20) + epoch)
        return torch.randperm(len(self._train), generator=generator).to(self.device)

    def _learning_rate(self) -> float:
        """Of the next step."""
        left, falling = self.config.steps - self.taken, self.config.cooldown * self.config.steps
        return self.config.learning_rate * (min(1.0, left / falling) if falling else 1.0)

    def state(self) -> dict[str, Any]:
        """A copy of all that the next step depends on, the weights on the CPU."""
        return {
            "step": self.taken,
            "model": {name: value.detach().cpu().clone() for name, value in self.model.state_dict().items()},
            "optimiser": deepcopy(self._optimiser.state_dict()),
            "generator": self._generator.get_state(),
        }


def train(
    config: TrainConfig,
    dataset: Dataset,
    *,
    should_stop: Callable[[], bool] = lambda: False,
    resume: dict[str, Any] | None = None,
) -> Iterator[Event]:
    """Train a model, and give what happens as it happens; the first and the last state are always among it.

    Arguments:
        should_stop: asked before every step.
        resume: the `state` of an earlier `Saved` of this config.

    Raises:
        UserError: this machine lacks the config's device.
        TrainingDiverged: the loss is not finite; the last `Saved` before it is sound.
    """
    trainer = Trainer(config, dataset, resume)
    watcher = Watcher(trainer.model, dataset, config)
    recent = _RunningMeans()
    begun = time.perf_counter() - (resume["seconds"] if resume is not None else 0.0)

    def seconds() -> float:
        return time.perf_counter() - begun

    if resume is None:
        yield Saved(0, {**trainer.state(), "seconds": seconds()})
        yield watcher.held_out(0, seconds())
        yield watcher.pictures(0)
    while trainer.taken < config.steps and not should_stop():
        recent.add(trainer.step())
        step = trainer.taken
        if step % LOG_EVERY == 0 or step == config.steps:
            yield Measured(step, seconds(), "train", recent.take(trainer))
        if step == config.steps:
            break
        if step % HELD_OUT_EVERY == 0:
            yield watcher.held_out(step, seconds())
        if step % PICTURES_EVERY == 0 or step in EARLY_PICTURES:
            yield watcher.pictures(step)
        if step % SAVE_EVERY == 0:
            yield Saved(step, {**trainer.state(), "seconds": seconds()})
    if recent.steps:  # it was asked to stop
        yield Measured(trainer.taken, seconds(), "train", recent.take(trainer))
    yield watcher.held_out(trainer.taken, seconds())
    yield watcher.pictures(trainer.taken)
    yield Saved(trainer.taken, {**trainer.state(), "seconds": seconds()})


class _RunningMeans:
    """Means of the terms over the steps since they were last taken; the device is read only then."""

    def __init__(self) -> None:
        self.steps, self.names = 0, list[str]()
        self.totals: Tensor | float = 0.0

    def add(self, reported: Mapping[str, Tensor]) -> None:
        self.names = list(reported)
        self.totals = self.totals + torch.stack(list(reported.values()))
        self.steps += 1

    def take(self, trainer: Trainer) -> dict[str, float]:
        """The means, by name.

        Raises:
            TrainingDiverged: one of them, or one of the weights by now, is not finite.
        """
        means = (torch.as_tensor(self.totals) / self.steps).tolist()
        self.steps, self.totals = 0, 0.0
        if not all(map(math.isfinite, means)) or not all(
            bool(parameter.isfinite().all()) for parameter in trainer.model.parameters()
        ):
            raise TrainingDiverged(
                f"The loss stopped being a number by step {trainer.taken:,}: start again with a lower learning rate; "
                "the last checkpoint before it is kept."
            )
        return dict(zip(self.names, means, strict=True))


def _on(device: torch.device, digits: Images) -> Images:
    return Images(digits.images.to(device), digits.labels.to(device))
