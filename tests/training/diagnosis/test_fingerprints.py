import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from models import vae
from models.blocks.distributions import kl_normal, log_bernoulli
from models.contract import density_of
from models.registry import FAMILIES
from models.vae import VAEConfig
from tests.small_models import small_model
from training.checkpoints.reading import Checkpoint, load_checkpoint, write_safetensors
from training.diagnosis.fingerprints import READINGS, of_numbers, of_printout, of_variance, variance_readings
from training.evaluation.bounds import SetReport
from training.system.folders import PRETRAINED

MNIST = [name for name, family in FAMILIES.items() if family.images == "binary"]
USUAL = {"nelbo": 101.0, "kl": 19.5, "rec": 81.5}


def report(nelbo: float = 101.0, kl: float = 19.5, niwae: dict[int, float] | None = None, **terms: float) -> SetReport:
    bounds = niwae or {1: 101.0, 10: 98.5, 100: 97.5, 1000: 96.9}
    zeros = dict.fromkeys(bounds, 0.01)
    return SetReport(
        100, nelbo, 0.05, {"kl": kl, "rec": nelbo - kl, **terms}, bounds, zeros, dict.fromkeys(bounds, 1.0), zeros
    )


def kept(family: str, folder: Path) -> Checkpoint:
    model: Any = small_model(family)
    write_safetensors(folder / "a.safetensors", model.state_dict(), family=family, config=model.config, step=1)
    return load_checkpoint(folder / "a.safetensors")


@pytest.mark.parametrize("family", MNIST)
def test_the_homeworks_reading_is_the_models_own(family: str, tmp_path: Path) -> None:
    source = kept(family, tmp_path)
    x = (torch.rand(7, 16, generator=torch.Generator().manual_seed(0)) < 0.4).float()
    noise = torch.Generator().manual_seed(0)
    model = source.model
    own = torch.stack(
        [density_of(model, None).elbo_terms(x, generator=noise).nelbo.double().mean() for _ in range(10)]
    ).mean()
    found = variance_readings(source, x)
    assert found["softplus(h)"] == pytest.approx(float(own), abs=1e-3)
    assert len({round(value, 3) for value in found.values()}) == len(READINGS)


@pytest.mark.parametrize("reading", [name for name in READINGS if name != "softplus(h)"])
def test_a_model_that_was_trained_under_another_reading_is_found(reading: str, tmp_path: Path) -> None:
    trained = _trained(READINGS[reading], tmp_path)
    nelbos = variance_readings(*trained)
    assert min(nelbos, key=nelbos.__getitem__) == reading
    sentence = of_variance(nelbos, nelbos[reading] + 2)
    assert sentence is not None
    assert of_variance(nelbos, nelbos[reading] - 4) is None  # something else is wrong with it
    assert f"read as {reading} the NELBO is {nelbos[reading]:.2f}" in sentence


def test_a_model_that_was_trained_rightly_is_not(tmp_path: Path) -> None:
    nelbos = variance_readings(*_trained(READINGS["softplus(h)"], tmp_path))
    assert min(nelbos, key=nelbos.__getitem__) == "softplus(h)"
    assert of_variance(nelbos, nelbos["softplus(h)"]) is None


def _trained(reading: Callable[[Tensor], Tensor], folder: Path) -> tuple[Checkpoint, Tensor]:
    """A small VAE trained for a moment with variances made by this reading, and the images it learned from.

    Most of its dimensions stay unused, at variance 1, where the readings are far apart.
    """
    config = VAEConfig(z=61, hidden=(29, 31), pixels=100)
    model: Any = vae.FAMILY.fresh(config, seed=0)
    noise = torch.Generator().manual_seed(1)
    x = (torch.rand(23, 100, generator=noise) < 0.5).float()
    optimiser = torch.optim.Adam(model.parameters(), 5e-3)
    for _ in range(400):
        mean, raw = model.enc(x).chunk(2, -1)
        variance = reading(raw) + 1e-8
        z = mean + variance.sqrt() * torch.randn(mean.shape, generator=noise)
        loss = (kl_normal(mean, variance, torch.zeros(1), torch.ones(1)) - log_bernoulli(x, model.dec(z))).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    write_safetensors(folder / "a.safetensors", model.state_dict(), family="vae", config=config, step=400)
    return load_checkpoint(folder / "a.safetensors"), x


def test_right_numbers_have_no_findings() -> None:
    assert of_numbers(report(), None, USUAL) == []
    assert of_numbers(report(93.6, 24.2, kl_y=2.29, kl_z=21.9), 0.94, None) == []
    assert of_printout({"nelbo": 101.1, "kl": 19.5, "rec": 81.6, "niwae-1": 101.1, "niwae-10": 98.4}, report()) == []
    assert of_printout({}, report()) == []


@pytest.mark.parametrize(
    ("given", "accuracy", "words"),
    [
        (report(544.4, 0.3), None, "above 489: an untrained model has about 543, 784 pixels of ln 2"),
        (report(545.9, 0.4, kl_y=0.01, kl_z=0.39), 0.11, "an untrained model has about 543"),
        (report(548.69, 4.4, kl_y=2.22, kl_z=2.18), 0.75, "right for a training on the labelled images alone"),
        (report(548.69, 4.4, kl_y=2.22, kl_z=2.18), None, "right for a training on the labelled images alone"),
        (report(206.0, 0.2), None, "The KL is 0.20 nats, below 1: the code says nothing"),
        (report(91.0, 20.0, kl_y=0.17, kl_z=19.8), 0.18, "right for 18% (below 30%) and KL_y is 0.17 (below 1"),
        (
            report(195.0, 130.0),
            None,
            "6.7 times the usual 19.5 (above 2.5 times), and the reconstruction term 65.0 is below",
        ),
    ],
)
def test_numbers_show_a_mistake(given: SetReport, accuracy: float | None, words: str) -> None:
    sentences = of_numbers(given, accuracy, USUAL)
    assert words in sentences[0]


def test_a_collapsed_code_has_more_than_one_cause() -> None:
    (sentence,) = of_numbers(report(206.0, 0.2), None, USUAL)
    for cause in ("KL weight", "mean over the pixels", "`.detach()`", "learning rate"):
        assert cause in sentence


@pytest.mark.parametrize(
    ("printed", "words"),
    [
        ({"niwae-10": 98.5 - math.log(10), "niwae-100": 97.5 - math.log(100)}, "a log-sum-exp without the division"),
        ({"niwae-10": 98.5 + math.log(10), "niwae-100": 97.5 + math.log(100)}, "log m is subtracted twice"),
        ({"niwae-10": 101.0, "niwae-100": 101.1}, "averages the logarithms of the weights"),
        (
            {"niwae-1": 101.0, "niwae-10": 104.0, "niwae-100": 109.0},
            "Your negative bound rises by more than 0.2 nats at m = 10",
        ),
        ({"nelbo": 81.5, "kl": 19.5, "rec": 81.5}, "the KL term is missing from the sum"),
        ({"nelbo": 90.0, "kl": 19.5, "rec": 81.5}, "is not KL + reconstruction, 19.50 + 81.50 = 101.00"),
        ({"nelbo": 101.0 / 784}, "a mean over pixels"),
        ({"nelbo": 104.0}, "on the same images, binarised the same way?"),
    ],
)
def test_a_printout_shows_a_mistake(printed: dict[str, float], words: str) -> None:
    (sentence,) = of_printout(printed, report())
    assert words in sentence


def test_reading_a_variance_otherwise_leaves_the_weights_as_they_are() -> None:
    source = load_checkpoint(PRETRAINED / "gmvae")  # whose prior's variances are parameters
    before = {name: value.clone() for name, value in source.state.items()}
    variance_readings(source, torch.zeros(3, 784))
    for name, value in source.state.items():
        assert torch.equal(value, before[name]), name
