"""How much memory a training takes, found out before it starts: one that the machine cannot hold is refused.

The step is carried out on tensors without content (`FakeTensorMode`): whatever the family, what it keeps for its
gradient is added up, and nothing is computed. Measured, the estimate is 0.9 to 1.7 times the peak of the process.
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks

from models.contract import Batch
from models.registry import FAMILIES
from training.runs.config import TrainConfig
from training.system.errors import UserError

__all__ = ["check_memory", "machine_megabytes", "needed_megabytes", "weights_of"]

PROCESS = 500.0  # MB, of PyTorch and the data in a process that trains
COPIES = 16  # of every weight: itself, its gradient, Adam's two means, and the rest while states are written
TWICE = 2.0  # what a step keeps for its gradient, and the gradients of it
SAMPLE = 8  # images, where only real ones can be tried
MOST_SHARE = 0.9  # of the machine's memory


def check_memory(config: TrainConfig) -> None:
    """Make sure that this machine can hold a training.

    Raises:
        UserError: it takes more memory than there is.
    """
    there = machine_megabytes()
    if there is None or _at_most(config) < there * MOST_SHARE:
        return
    needed = needed_megabytes(config)
    if needed > there * MOST_SHARE:
        raise UserError(
            f"This training would take about {needed / 1000:,.1f} GB of memory, and this machine has "
            f"{there / 1000:,.1f} GB: choose a smaller batch or a smaller model."
        )


def needed_megabytes(config: TrainConfig) -> float:
    """The peak of a training's process, about."""
    from torch._subclasses.fake_tensor import DynamicOutputShapeException, FakeTensorMode

    try:
        with FakeTensorMode(allow_non_fake_inputs=True):
            weights, kept = _sizes(config, config.batch_size)
    except DynamicOutputShapeException:  # what it keeps depends on the images: then a few real ones are tried
        weights, some = _sizes(config, SAMPLE)
        kept = some * max(1.0, config.batch_size / SAMPLE)
    return PROCESS + (COPIES * weights + TWICE * kept) / 1e6


def _sizes(config: TrainConfig, images: int) -> tuple[float, float]:
    """Bytes of a model's weights, and of what one step of so many images keeps for its gradient."""
    model = FAMILIES[config.family].fresh(config.model, 0)
    weights = {storage._cdata: storage.nbytes() for storage in map(Tensor.untyped_storage, model.parameters())}
    kept: list[torch.UntypedStorage] = []  # all of them live, so that none takes another's address

    def note(tensor: Tensor) -> Tensor:
        kept.append(tensor.untyped_storage())
        return tensor

    labelled = config.model.labelled_images
    batch = Batch(
        torch.zeros(images, config.model.pixels),
        torch.zeros(images, dtype=torch.int64),
        torch.zeros(labelled, config.model.pixels),
        torch.zeros(labelled, dtype=torch.int64),
    )
    with saved_tensors_hooks(note, lambda tensor: tensor):
        model.objective(batch, generator=torch.Generator().manual_seed(0))
    sizes = {storage._cdata: storage.nbytes() for storage in kept if storage._cdata not in weights}
    return float(sum(weights.values())), float(sum(sizes.values()))


def weights_of(config: TrainConfig) -> int:
    """How many weights its model has."""
    return sum(each.numel() for each in FAMILIES[config.family].fresh(config.model, 0).parameters())


def _at_most(config: TrainConfig) -> float:
    """More megabytes than a training of these sizes takes, at once: most are so small that nobody looks closer."""
    sizes = sum(_numbers(config.model.model_dump()))
    images = config.batch_size + config.model.labelled_images
    return PROCESS + (120.0 * images * sizes + 64.0 * sizes**2) / 1e6


def _numbers(value: Any) -> list[int]:
    if isinstance(value, dict):
        return [number for each in value.values() for number in _numbers(each)]
    if isinstance(value, list | tuple):
        return [number for each in value for number in _numbers(each)]
    return [value] if isinstance(value, int) and not isinstance(value, bool) else []


def machine_megabytes() -> float | None:
    """The memory of this machine, or of the container that this process is in; None where the system does not tell."""
    found = []
    with suppress(AttributeError, ValueError, OSError):
        found.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e6)
    for name in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            text = Path(name).read_text().strip()
        except OSError:
            continue
        if text.isdecimal():
            found.append(int(text) / 1e6)
    return min(found) if found else None
