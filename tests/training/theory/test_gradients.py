"""Against closed forms of a quadratic f, and adaptive quadrature's derivative."""

import math

import pytest
import torch
from torch import Tensor

from models.vae import VAE, VAEConfig
from training.theory.gradients import draw_gradients, gradient_numbers, reparameterised, score_function
from training.theory.measured import EXACT, agree
from training.theory.one_dimension import OneDimension

SLOPE, CURVE, MEAN, VARIANCE = 2.0, -3.0, 0.4, 0.25


class Quadratic(OneDimension):
    """f(z) = SLOPE z + CURVE z^2 / 2: all moments of its gradients are known."""

    def __init__(self) -> None:
        self.mean, self.variance = (torch.tensor(value, dtype=torch.float64) for value in (MEAN, VARIANCE))

    def log_likelihood(self, z: Tensor) -> Tensor:
        return SLOPE * z + CURVE * z.square() / 2


def test_a_quadratic_has_the_gradients_of_its_closed_form() -> None:
    one = Quadratic()
    z, exact = one.own_grid, SLOPE + CURVE * MEAN
    b = SLOPE * MEAN + CURVE * (MEAN**2 + VARIANCE) / 2
    assert one.under_q(one.log_likelihood(z)) == pytest.approx(b, abs=EXACT)
    for values in (score_function(one, z), score_function(one, z, b), reparameterised(one, z)):
        assert one.under_q(values) == pytest.approx(exact, abs=EXACT)
    spread = one.under_q(reparameterised(one, z).square()) - exact**2
    assert spread == pytest.approx(CURVE**2 * VARIANCE, abs=EXACT)
    centred = one.under_q(score_function(one, z, b).square()) - exact**2
    assert centred == pytest.approx(2 * exact**2 + 2.5 * CURVE**2 * VARIANCE, abs=EXACT)  # E[(e^3 - e)^2] = 10


def test_the_numbers_of_a_vae_agree_with_each_other_and_with_draws() -> None:
    torch.manual_seed(0)
    model = VAE(VAEConfig(pixels=16, z=5, hidden=(11, 13)))
    for weights in model.parameters():
        weights.data *= 2
    x = torch.randint(0, 2, (16,)).float()
    numbers = gradient_numbers(model, x)
    for name in ("score_mean", "baseline_mean", "path_mean"):
        assert agree(numbers[name], numbers["difference"]), name
    assert numbers["mean_score"].value == pytest.approx(0, abs=EXACT)
    drawn = draw_gradients(model, x, seed=7, draws=20_000)
    for gradients, sd in zip(drawn, ("sd_score", "sd_baseline", "sd_path"), strict=True):
        assert float(gradients.std()) == pytest.approx(numbers[sd].value, rel=0.05)
        error = numbers[sd].value / math.sqrt(len(gradients))
        assert float(gradients.mean()) == pytest.approx(numbers["difference"].value, abs=4 * error)
