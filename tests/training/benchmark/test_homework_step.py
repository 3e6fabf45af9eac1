"""The yardstick measures the same thing as our models do: its losses and bounds agree with theirs."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from models.contract import Batch, density_of
from models.registry import PRESETS, family_of
from training.benchmark import homework_step as homework_style
from training.data.datasets import Dataset, load_dataset
from training.runs.config import TrainConfig

SMALL: dict[str, Any] = {"pixels": 16, "hidden": (11, 13), "z": 3}
LOSSES = {
    "vae": homework_style._vae_loss,
    "gmvae": homework_style._gmvae_loss,
    "ssvae": homework_style._ssvae_loss,
}


def fresh(name: str) -> Any:
    config = PRESETS[name].model
    return family_of(name).fresh(type(config).model_validate(config.model_dump() | SMALL), 0)


def binary(count: int) -> Tensor:
    return torch.randint(0, 2, (count, 16), generator=torch.Generator().manual_seed(0)).float()


@pytest.mark.parametrize("name", LOSSES)
def test_the_losses_are_ours(name: str) -> None:
    model, x = fresh(name), binary(97)
    with torch.no_grad(), torch.random.fork_rng():
        torch.manual_seed(0)
        naive = torch.stack([LOSSES[name](model, x) for _ in range(200)])
        ours = torch.stack([model.elbo_terms(x).nelbo.mean() for _ in range(200)])
    error = float((naive.var() / 200 + ours.var() / 200).sqrt())
    assert float(naive.mean()) == pytest.approx(float(ours.mean()), abs=4 * error + 1e-5)


def test_the_fsvaes_loss_and_steps_are_ours(fake_svhn: Dataset) -> None:
    config = TrainConfig.from_preset("fsvae", device="cpu", batch_size=7, model={"hidden": (11, 13), "z": 3})
    model, test = config.family_entry.fresh(config.model, 0), fake_svhn.test
    x, y = test.images.float() / 255, test.labels
    with torch.no_grad(), torch.random.fork_rng():
        torch.manual_seed(0)
        naive = torch.stack([homework_style._fsvae_loss(model, x, y) for _ in range(200)])
        ours = torch.stack([density_of(model, y).elbo_terms(x).nelbo.mean() for _ in range(200)])
    error = float((naive.var() / 200 + ours.var() / 200).sqrt())
    assert float(naive.mean()) == pytest.approx(float(ours.mean()), abs=4 * error + 1e-3)
    with torch.random.fork_rng():
        step = homework_style.stepper(model, config, fake_svhn)
        for _ in range(3):
            step()


@pytest.mark.parametrize("name", ["vae", "gmvae"])
def test_the_bound_is_ours(name: str) -> None:
    model, x = fresh(name), binary(7)
    with torch.inference_mode(), torch.random.fork_rng():
        torch.manual_seed(0)
        naive = homework_style.iwae(model, x, 5000)
        weights = torch.cat(list(model.log_weights(x, 5000)))
    ours = -float((weights.logsumexp(0) - torch.tensor(5000.0).log()).mean())
    assert naive == pytest.approx(ours, abs=0.03)


@pytest.mark.parametrize("name", LOSSES)
def test_it_takes_steps(name: str) -> None:
    config = TrainConfig.from_preset(name, data="mnist-sample", device="cpu", batch_size=7)
    with torch.random.fork_rng():
        step = homework_style.stepper(family_of(name).fresh(config.model, 0), config, load_dataset("mnist-sample"))
        for _ in range(3):
            step()


def test_a_labelled_cross_entropy_is_the_same_in_both() -> None:
    model, x = fresh("ssvae"), binary(10)
    y = torch.arange(10)
    with torch.no_grad():
        reported = model.objective(Batch(x, y, x, y)).reported
        naive = F.cross_entropy(model.cls(x), y)
    assert float(naive) == pytest.approx(float(reported["cross_entropy"]), rel=1e-5)
