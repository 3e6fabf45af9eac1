"""The training: the optimiser step (`Trainer.step`) and the loop (`train`). It knows no page, no job and no file."""

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor

from models.contract import Batch
from models.registry import FAMILIES
from training.data.datasets import Dataset, Images
from training.data.pixel_draws import as_seen
from training.runs.adam import Adam
from training.runs.config import TrainConfig
from training.runs.events import Changed, Event, Measured, Saved, Stepped
from training.runs.held_out_watcher import Watcher
from training.runs.schedule import Schedule
from training.runs.steering import Steering
from training.system.device import best_device, products_in
from training.system.errors import UserError

__all__ = ["Trainer", "TrainingDiverged", "train"]

SAVE_SECONDS = 5.0


class TrainingDiverged(UserError):
    """A loss or a weight is no longer a finite number."""


class Trainer:
    """Takes one Adam step after another on the batch mean of the model's loss.

    The learning rate is the config's; in its cooldown, the last share of its steps, it falls linearly to zero. The KL
    weight is the model's; in its warm-up, the first steps, it rises linearly from zero.

    Each step takes the next batch of a fresh permutation of the epoch. Binary models see pixels that are drawn anew
    from the grey values (x ~ Bernoulli(grey / 255)), those of colour images the values themselves (x / 255).

    Arguments:
        resume: the state of an earlier training of this config.
        start: weights to start from in place of fresh ones, by name, where there is nothing to resume.

    Attributes:
        model: on the config's device, as the last step left it.
        taken: steps taken in all, those before a resume included.
        gradient_norm: of the last step's loss over all weights, where it was asked for.

    Raises:
        UserError: this machine lacks the config's device.
    """

    def __init__(
        self,
        config: TrainConfig,
        dataset: Dataset,
        resume: Mapping[str, Any] | None = None,
        start: Mapping[str, Tensor] | None = None,
    ) -> None:
        self.config = config
        self.device = torch.device(config.device)
        if config.device not in ("cpu", best_device().type):
            raise UserError(f"This run was made on {config.device}, which this machine lacks: start a new run here.")
        self.model = FAMILIES[config.family].fresh(config.model, config.seed).to(self.device)
        if start is not None:
            self.model.load_state_dict(start)
        self._optimiser = Adam(self.model.parameters(), config.learning_rate)
        self._generator = torch.Generator(self.device).manual_seed(config.seed)
        self.taken = 0
        self.gradient_norm: float | None = None
        if resume is not None:
            self.model.load_state_dict(resume["model"])
            self._optimiser.load_state_dict(resume["optimiser"])
            self._generator.set_state(resume["generator"])
            self.taken = resume["step"]
        self._settings: dict[str, float] = {
            "learning_rate": config.learning_rate,
            "kl_weight": self.model.kl_weight,
            "warmup": config.warmup,
        }
        self._warm_from = 0
        images, taken = dataset.train.images.shape[1], config.model.pixels
        if images != taken:
            raise UserError(f"An image of {dataset.about.title} is {images:,} numbers, and this model takes {taken:,}.")
        self._binary = dataset.binary
        self._train = _on(self.device, dataset.train)
        self._labelled = Images(self._train.images[:0], self._train.labels[:0])
        if self.model.uses_labels:
            self._labelled = _on(self.device, dataset.labelled(config.model.labelled_images))
        self._batches = math.ceil(len(self._train) / config.batch_size)
        self._order = self._epoch_order()

    def change(self, change: Changed) -> None:
        """Use another value of a setting from the next step on; a changed warm-up begins at the change."""
        self._settings[change.setting] = change.value
        if change.setting == "warmup":
            self._warm_from = change.step

    def step(self, batch: Batch | None = None, *, norm: bool = False) -> dict[str, Tensor]:
        """Take the next step; the batch means that the model reports, still on the device.

        Arguments:
            batch: the next one, where it was drawn already.
            norm: find out `gradient_norm` too.
        """
        batch = batch or self._next_batch()
        self.model.kl_weight = self._kl_weight()
        with products_in(self.config.precision, self.device.type):
            loss, reported = self.model.objective(batch, generator=self._generator)
        loss.backward()
        if norm:
            gradients = [parameter.grad for parameter in self.model.parameters() if parameter.grad is not None]
            self.gradient_norm = float(torch.nn.utils.get_total_norm(gradients))
        self._optimiser.learning_rate = self._learning_rate()
        self._optimiser.step()
        self.taken += 1
        return reported

    def watched_step(self, watcher: Watcher) -> tuple[dict[str, Tensor], Stepped]:
        """Take the next step, with all that can be said of it; the training is none the wiser."""
        batch, noise = self._next_batch(), torch.Generator(self.device)
        noise.set_state(self._generator.get_state())
        weights = [parameter.detach().clone() for parameter in self.model.parameters()]
        reported = self.step(batch, norm=True)
        with torch.no_grad(), products_in(self.config.precision, self.device.type):
            after = self.model.objective(batch, generator=noise).reported
            moved = [new - old for new, old in zip(self.model.parameters(), weights, strict=True)]
            update_norm, weight_norm = (float(torch.nn.utils.get_total_norm(each)) for each in (moved, weights))
        assert self.gradient_norm is not None
        return reported, Stepped(
            self.taken,
            before={name: float(value) for name, value in reported.items()},
            after={name: float(value) for name, value in after.items()},
            gradient_norm=self.gradient_norm,
            update_norm=update_norm,
            weight_norm=weight_norm,
            learning_rate=self._optimiser.learning_rate,
            kl_weight=self.model.kl_weight,
            pictures=watcher.pictures(self.taken),
        )

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
        return self._settings["learning_rate"] * (min(1.0, left / falling) if falling else 1.0)

    def _kl_weight(self) -> float:
        """Of the next step."""
        warm, rising = self.taken - self._warm_from, self._settings["warmup"]
        return self._settings["kl_weight"] * (min(1.0, warm / rising) if rising else 1.0)

    def require_finite(self, *values: float) -> None:
        """Make sure that these values and all weights are finite numbers.

        Raises:
            TrainingDiverged: one of them is not.
        """
        weights = self.model.parameters()
        if not all(map(math.isfinite, values)) or not all(bool(weight.isfinite().all()) for weight in weights):
            raise TrainingDiverged(
                f"The loss stopped being a number by step {self.taken:,}: start again with a lower learning rate; "
                "the last checkpoint before it is kept."
            )

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
    steering: Steering | None = None,
    resume: Mapping[str, Any] | None = None,
    start: Mapping[str, Tensor] | None = None,
    changes: Sequence[Changed] = (),
    save_seconds: float = SAVE_SECONDS,
) -> Iterator[Event]:
    """Train a model, and give what happens as it happens; the first and the last state are always among it.

    Arguments:
        steering: asked before every step.
        resume: the `state` of an earlier `Saved` of this config.
        start: weights to start from in place of fresh ones.
        changes: what was changed while this run was trained before: it happens again, at the same steps.
        save_seconds: from one `Saved` to the next, at most.

    Raises:
        UserError: this machine lacks the config's device.
        TrainingDiverged: the loss is not finite; the last `Saved` before it is sound.
    """
    steering = steering or Steering()
    trainer = Trainer(config, dataset, resume, start)
    watcher = Watcher(trainer.model, dataset, config)
    schedule, recent, best = Schedule(config.steps), _RunningMeans(), _Best(config.early_stop)
    clock = _Clock(resume["seconds"] if resume is not None else 0.0)
    if resume is not None:
        recent.restore(resume.get("recent"))
        best.restore(resume.get("best"))
    for change in changes:
        if change.step < trainer.taken:
            trainer.change(change)

    def saved(*, kept: bool = False) -> Saved:
        trainer.require_finite()
        clock.saved = clock.seconds()
        own = {"seconds": clock.saved, "recent": recent.state(), "best": best.state()}
        return Saved(trainer.taken, {**trainer.state(), **own}, kept)

    if resume is None:
        yield watcher.held_out(0, clock.seconds())
        yield watcher.health(0, clock.seconds(), None)
        yield watcher.pictures(0)
        yield saved()  # last: a training that ends before it begins anew, and measures step 0 again
    while trainer.taken < config.steps and not best.is_long_ago:
        for change in changes:
            if change.step == trainer.taken:
                trainer.change(change)
        waits = True
        while waits:
            for change in steering.changes(trainer.taken):
                trainer.change(change)
                yield change
            if steering.should_save():
                yield saved()
            with clock.paused():
                waits = steering.waits()
        if steering.should_stop():
            break
        if steering.watches():
            reported, stepped = trainer.watched_step(watcher)
            recent.add(reported)
            yield stepped
        else:
            recent.add(trainer.step(norm=schedule.looks_at_held_out(trainer.taken + 1)))
        step = trainer.taken
        if schedule.measures(step):
            yield Measured(step, clock.seconds(), "train", recent.take(trainer))
        if step == config.steps:
            break
        if schedule.looks_at_held_out(step):
            held_out = watcher.held_out(step, clock.seconds())
            best.look(held_out)
            yield held_out
            yield watcher.health(step, clock.seconds(), trainer.gradient_norm)
        if schedule.draws(step):
            yield watcher.pictures(step)
        if schedule.keeps(step) or clock.seconds() - clock.saved >= save_seconds:
            yield saved(kept=schedule.keeps(step))
    end = saved()  # before the means are taken: a resume needs them
    if recent.steps:  # it was asked to stop
        yield Measured(trainer.taken, clock.seconds(), "train", recent.take(trainer), interim=True)
    interim = not schedule.looks_at_held_out(trainer.taken)
    yield watcher.held_out(trainer.taken, clock.seconds(), interim=interim)
    if not interim:
        yield watcher.health(trainer.taken, clock.seconds(), trainer.gradient_norm)
    yield watcher.pictures(trainer.taken)
    yield end


class _Clock:
    """Seconds of training: those in which it is paused do not count.

    Attributes:
        saved: when the state was last kept.
    """

    def __init__(self, before: float) -> None:
        self._begun = time.perf_counter() - before
        self.saved = before

    def seconds(self) -> float:
        return time.perf_counter() - self._begun

    @contextmanager
    def paused(self) -> Iterator[None]:
        begun = time.perf_counter()
        yield
        self._begun += time.perf_counter() - begun


class _Best:
    """The lowest held-out NELBO, and how many measurements ago that was."""

    def __init__(self, patience: int) -> None:
        self._patience = patience
        self._lowest, self._since = math.inf, 0

    def look(self, held_out: Measured) -> None:
        nelbo = held_out.terms["nelbo"]
        self._lowest, self._since = (nelbo, 0) if nelbo < self._lowest else (self._lowest, self._since + 1)

    @property
    def is_long_ago(self) -> bool:
        return 0 < self._patience <= self._since

    def state(self) -> tuple[float, int]:
        return self._lowest, self._since

    def restore(self, state: tuple[float, int] | None) -> None:
        if state is not None:
            self._lowest, self._since = state


class _RunningMeans:
    """Means of the terms over the steps since they were last taken; the device is read only then."""

    def __init__(self) -> None:
        self.steps, self.names = 0, list[str]()
        self.totals: Tensor | float = 0.0

    def add(self, reported: Mapping[str, Tensor]) -> None:
        self.names = list(reported)
        self.totals = self.totals + torch.stack(list(reported.values()))
        self.steps += 1

    def state(self) -> dict[str, Any]:
        return {"steps": self.steps, "names": self.names, "totals": torch.as_tensor(self.totals).cpu()}

    def restore(self, state: Mapping[str, Any] | None) -> None:
        if state is not None and state["steps"]:
            self.steps, self.names, self.totals = state["steps"], state["names"], state["totals"]

    def take(self, trainer: Trainer) -> dict[str, float]:
        """The means, by name.

        Raises:
            TrainingDiverged: one of them, or one of the weights by now, is not finite.
        """
        means = (torch.as_tensor(self.totals) / self.steps).tolist()
        self.steps, self.totals = 0, 0.0
        trainer.require_finite(*means)
        return dict(zip(self.names, means, strict=True))


def _on(device: torch.device, digits: Images) -> Images:
    return Images(digits.images.to(device), digits.labels.to(device))
