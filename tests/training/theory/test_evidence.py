import pytest
import torch

from models.vae import VAE
from training.checkpoints.reading import load_checkpoint
from training.system.folders import PRETRAINED
from training.theory.evidence import evidence_numbers, posterior_curves


def test_the_curves_are_densities_where_q_and_the_posterior_lie() -> None:
    model = load_checkpoint(PRETRAINED / "vae").model
    assert isinstance(model, VAE)
    x = (torch.rand(784, generator=torch.Generator().manual_seed(0)) < 0.1).float()
    numbers = evidence_numbers(model, x)
    dimension, curves = posterior_curves(model, x)
    assert 0 <= dimension < model.config.z
    step = curves[1]["z"] - curves[0]["z"]
    mass = {name: sum(row[name] for row in curves) * step for name in ("q", "posterior")}
    assert mass["q"] == pytest.approx(1, abs=2e-3)
    assert mass["posterior"] == pytest.approx(1, abs=2e-3)
    q, p = (torch.tensor([row[name] for row in curves]) for name in ("q", "posterior"))
    kl = float((q * (q / p).log()).nan_to_num().sum() * step)
    assert kl == pytest.approx(numbers["kl_posterior"].value, rel=0.02)
