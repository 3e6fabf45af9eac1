"""How fast a recipe trains on this machine: a few steps of it, timed now."""

import time

from training.benchmark.steps import random_colours
from training.checkpoints.reading import load_checkpoint
from training.data.datasets import load_dataset
from training.data.registry import at_hand
from training.runs.config import TrainConfig
from training.runs.trainer import Trainer
from training.system.folders import PRETRAINED, pretrained_names

__all__ = ["steps_per_second"]

WARM_UP = 2
ENOUGH = 0.3  # seconds


def steps_per_second(preset: str, batch_size: int) -> float:
    """The speed of the fastest of the steps that a third of a second holds, at least two: others may use the machine.

    At the weights that ship, as most steps of a training are near them; colour images are random, for a step takes as
    long on them.

    Raises:
        UserError: no such preset.
    """
    config = TrainConfig.from_preset(preset, batch_size=batch_size)
    binary = config.family_entry.images == "binary"
    trainer = Trainer(config, load_dataset(at_hand(config.data).name) if binary else random_colours())
    if preset in pretrained_names():
        trainer.model.load_state_dict(dict(load_checkpoint(PRETRAINED / preset).state))
    for _ in range(WARM_UP):
        trainer.step()
    began = time.perf_counter()
    seconds: list[float] = []
    while len(seconds) < 2 or time.perf_counter() - began < ENOUGH:
        before = time.perf_counter()
        for value in trainer.step().values():
            value.item()  # a step on another device has then ended
        seconds.append(time.perf_counter() - before)
    return 1 / min(seconds)
