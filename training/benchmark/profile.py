"""Where the time of a training step goes: PyTorch's operations by the time that each takes."""

import statistics
import time
from typing import NamedTuple

from torch.profiler import ProfilerActivity, profile

from training.benchmark.steps import random_colours
from training.data.datasets import load_dataset
from training.runs.config import TrainConfig
from training.runs.trainer import Trainer

__all__ = ["Operation", "StepProfile", "step_profile"]

WARM_UP = 5


class Operation(NamedTuple):
    """One operation of PyTorch.

    Attributes:
        calls: a step.
        ms: milliseconds a step, without the operations that it calls.
    """

    name: str
    calls: float
    ms: float


class StepProfile(NamedTuple):
    """A training step of a preset on this machine.

    Attributes:
        step_ms: the median step in milliseconds, not watched; watching makes each operation slower.
        operations: the slowest first; their sum is a step that is watched.
    """

    preset: str
    step_ms: float
    operations: list[Operation]


def step_profile(preset: str, steps: int = 50) -> StepProfile:
    """Time fresh steps of a preset on the CPU, then watch as many.

    Colour images are random: a step takes as long on them, and they are on every machine.

    Raises:
        UserError: no such preset.
    """
    config = TrainConfig.from_preset(preset, device="cpu")
    binary = config.family_entry.images == "binary"
    trainer = Trainer(config, load_dataset(config.data) if binary else random_colours())
    for _ in range(WARM_UP):
        trainer.step()
    seconds = []
    for _ in range(steps):
        began = time.perf_counter()
        trainer.step()
        seconds.append(time.perf_counter() - began)
    with profile(activities=[ProfilerActivity.CPU]) as watched:
        for _ in range(steps):
            trainer.step()
    operations = [
        Operation(event.key, event.count / steps, event.self_cpu_time_total / 1e3 / steps)
        for event in watched.key_averages()
    ]
    return StepProfile(preset, statistics.median(seconds) * 1e3, sorted(operations, key=lambda each: -each.ms))
