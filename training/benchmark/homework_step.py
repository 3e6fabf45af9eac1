"""The homework's way of taking a step and of measuring IWAE-m, as a yardstick for ours: the benchmark alone uses it.

Pictures pass PIL and a DataLoader one by one, Adam is the default one, products are float32, the SSVAE's batch is
tiled ten times, a mixture's density is one broadcast over all components, and IWAE-m decodes all its samples at once.
The networks are those of the models, for one or three channels of pixels; nothing here is meant to be fast.
"""

import math
from collections.abc import Callable, Iterator
from typing import Any

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from models.contract import Mixture, role
from training.data.datasets import Dataset as LoadedData
from training.data.torchvision_compat import import_transforms
from training.runs.config import TrainConfig

__all__ = ["iwae", "stepper"]


class _PilDigits(Dataset[tuple[Tensor, int]]):
    """Digits one at a time, through PIL and ToTensor as torchvision's MNIST and SVHN give them."""

    def __init__(self, images: Tensor, labels: Tensor, *, binary: bool) -> None:
        self.images = images.view(-1, 28, 28) if binary else images.view(-1, 3, 32, 32).permute(0, 2, 3, 1)
        self.labels = labels
        self.to_tensor = import_transforms().ToTensor()

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return self.to_tensor(Image.fromarray(self.images[index].numpy())), int(self.labels[index])


def stepper(model: Any, config: TrainConfig, dataset: LoadedData) -> Callable[[], None]:
    """A function that takes one optimiser step with a model in the homework's way."""
    optimiser = torch.optim.Adam(model.parameters(), lr=config.learning_rate)
    digits = _PilDigits(dataset.train.images, dataset.train.labels, binary=dataset.binary)
    batches = _forever(DataLoader(digits, batch_size=config.batch_size, shuffle=True))
    labelled = None
    if model.uses_labels:
        chosen = dataset.labelled()
        labelled = chosen.images.float() / 255, chosen.labels
    losses = {"vae": _vae_loss, "gmvae": _gmvae_loss, "ssvae": _ssvae_loss}

    def step() -> None:
        images, y = next(batches)
        x = images.reshape(len(images), -1)
        optimiser.zero_grad()
        loss = losses[config.family](model, torch.bernoulli(x)) if dataset.binary else _fsvae_loss(model, x, y)
        if labelled is not None:
            grey, labels = labelled
            cross_entropy = F.cross_entropy(model.cls(torch.bernoulli(grey)), labels)
            loss = model.config.gen_weight * loss + model.config.class_weight * cross_entropy
        loss.backward()
        optimiser.step()

    return step


@torch.no_grad()
def iwae(model: Any, x: Tensor, m: int) -> float:
    """The negative IWAE-m bound of images (n, pixels), every sample of every image decoded at once."""
    mean, variance = _encode(model, x)
    mean, variance, x = mean.repeat(m, 1), variance.repeat(m, 1), x.repeat(m, 1)
    z = _sample(mean, variance)
    log_weights = -_cross_entropy(model.dec(z), x) + _log_prior(model, z) - _log_normal(z, mean, variance)
    return -float((log_weights.view(m, -1).logsumexp(0) - math.log(m)).mean())


def _forever(batches: "DataLoader[tuple[Tensor, int]]") -> Iterator[Any]:
    while True:
        yield from batches


def _vae_loss(model: Any, x: Tensor) -> Tensor:
    mean, variance = _encode(model, x)
    kl = _kl_to_standard_normal(mean, variance)
    return (kl + _cross_entropy(model.dec(_sample(mean, variance)), x)).mean()


def _gmvae_loss(model: Any, x: Tensor) -> Tensor:
    mean, variance = _encode(model, x)
    z = _sample(mean, variance)
    kl = _log_normal(z, mean, variance) - _log_prior(model, z)
    return (kl + _cross_entropy(model.dec(z), x)).mean()


def _fsvae_loss(model: Any, x: Tensor, y: Tensor) -> Tensor:
    labels = torch.eye(model.config.y)[y]
    mean, variance = _encode(model, torch.cat([x, labels], 1))
    drawn = model.dec(torch.cat([_sample(mean, variance), labels], 1))
    rec = -_log_normal(x, drawn, torch.full_like(drawn, model.config.variance))
    return (_kl_to_standard_normal(mean, variance) + rec).mean()


def _ssvae_loss(model: Any, x: Tensor) -> Tensor:
    labels = model.config.y
    log_q = F.log_softmax(model.cls(x), 1)
    q = log_q.exp()
    y = torch.eye(labels).repeat_interleave(len(x), 0)
    tiled = x.repeat(labels, 1)
    mean, variance = _encode(model, torch.cat([tiled, y], 1))
    z = _sample(mean, variance)
    rec = _cross_entropy(model.dec(torch.cat([z, y], 1)), tiled)
    kl_z = _kl_to_standard_normal(mean, variance)
    kl_y = (q * (log_q + math.log(labels))).sum(1)
    return (kl_y + (q * (kl_z + rec).view(labels, -1).T).sum(1)).mean()


def _encode(model: Any, x: Tensor) -> tuple[Tensor, Tensor]:
    mean, h = model.enc(x).chunk(2, 1)
    return mean, F.softplus(h) + 1e-8


def _sample(mean: Tensor, variance: Tensor) -> Tensor:
    return mean + variance.sqrt() * torch.randn_like(mean)


def _cross_entropy(logits: Tensor, x: Tensor) -> Tensor:
    return F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(-1)


def _kl_to_standard_normal(mean: Tensor, variance: Tensor) -> Tensor:
    return 0.5 * (variance - variance.log() + mean**2 - 1).sum(-1)


def _log_normal(z: Tensor, mean: Tensor, variance: Tensor) -> Tensor:
    return -0.5 * (math.log(2 * math.pi) + variance.log() + (z - mean) ** 2 / variance).sum(-1)


def _log_prior(model: Any, z: Tensor) -> Tensor:
    if role(model, Mixture) is None:
        return _log_normal(z, torch.zeros_like(z), torch.ones_like(z))
    means, h = model.z_pre.chunk(2, 1)
    densities = _log_normal(z.unsqueeze(1), means, F.softplus(h) + 1e-8)
    return densities.logsumexp(1) - math.log(means.shape[1])
