"""The optimiser steps of one run: the model, its Adam, the order of the images and all noise."""

import math
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor

from models.family import Batch
from training.data.datasets import Dataset, Digits
from training.runs.config import TrainConfig
from training.system.device import best_device, products_in
from training.system.errors import UserError

__all__ = ["Stepper", "as_seen", "draw_pixels"]


class Stepper:
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
        self.model = config.family_entry.fresh(config.model, config.seed).to(self.device)
        self._optimiser = torch.optim.Adam(self.model.parameters(), lr=config.learning_rate, fused=True)
        self._generator = torch.Generator(self.device).manual_seed(config.seed)
        self.taken = 0
        if resume is not None:
            self.model.load_state_dict(resume["model"])
            self._optimiser.load_state_dict(deepcopy(resume["optimiser"]))
            self._generator.set_state(resume["generator"])
            self.taken = resume["step"]
        self._binary = dataset.binary
        self._train = _on(self.device, dataset.train)
        self._labelled = Digits(self._train.images[:0], self._train.labels[:0])
        if self.model.uses_labels:
            self._labelled = _on(self.device, dataset.labelled(self.model.config.labelled))
        self._batches = math.ceil(len(self._train) / config.batch_size)
        self._order = self._epoch_order()

    def step(self) -> dict[str, Tensor]:
        """Take the next step; the batch means that the model reports, still on the device."""
        position = self.taken % self._batches
        if position == 0 and self.taken:
            self._order = self._epoch_order()
        size = self.config.batch_size
        chosen = self._order[position * size : (position + 1) * size]
        batch = Batch(
            x=as_seen(self._train.images.index_select(0, chosen), self._binary, self._generator),
            y=self._train.labels.index_select(0, chosen),
            labelled_x=as_seen(self._labelled.images, self._binary, self._generator),
            labelled_y=self._labelled.labels,
        )
        with products_in(self.config.precision, self.device.type):
            loss, reported = self.model.objective(batch, generator=self._generator)
        loss.backward()
        self._optimiser.param_groups[0]["lr"] = self._learning_rate()
        self._optimiser.step()
        self._optimiser.zero_grad()  # now, while their memory is in the cache and the next activations can have it
        self.taken += 1
        return reported

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

    def _epoch_order(self) -> Tensor:
        """This epoch's permutation: of the seed and the epoch alone, so a resumed run meets it again."""
        epoch = self.taken // self._batches
        generator = torch.Generator().manual_seed((self.config.seed << 20) + epoch)
        return torch.randperm(len(self._train), generator=generator).to(self.device)


def as_seen(images: Tensor, binary: bool, generator: torch.Generator) -> Tensor:
    """What a model sees of stored images, float32: pixels drawn from them if binary, else their values in 0..1."""
    return draw_pixels(images, generator) if binary else images.float() / 255


def draw_pixels(grey: Tensor, generator: torch.Generator) -> Tensor:
    """x ~ Bernoulli(grey / 255): uint8 (batch, pixels) -> float32 zeros and ones of the same shape."""
    uniform = torch.rand(grey.shape, generator=generator, device=grey.device)
    return (uniform * 255 < grey).float()


def _on(device: torch.device, digits: Digits) -> Digits:
    return Digits(digits.images.to(device), digits.labels.to(device))
