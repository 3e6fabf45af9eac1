"""Against closed forms and adaptive quadrature in one dimension."""

import math

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from scipy.stats import norm

from models.gmvae import GMVAE, GMVAEConfig
from training.theory.measured import agree, estimate
from training.theory.mixture_kl import bound_by_components, kl_samples, mixture_kl_numbers, split_over_images

MEANS, VARIANCES = (
    torch.tensor([[-1.0], [0.5], [2.0]], dtype=torch.float64),
    torch.tensor([[0.3], [1.0], [0.2]], dtype=torch.float64),
)
MEAN, VARIANCE = torch.tensor([0.7], dtype=torch.float64), torch.tensor([0.15], dtype=torch.float64)


def mixture(z: float) -> float:
    return float(np.mean([norm.pdf(z, m, math.sqrt(v)) for m, v in zip(MEANS[:, 0], VARIANCES[:, 0], strict=True)]))


def test_samples_of_the_kl_average_to_its_integral_and_stay_below_both_bounds() -> None:
    def integrand(z: float) -> float:
        q = norm.pdf(z, float(MEAN), math.sqrt(float(VARIANCE)))
        return float(q * (math.log(q) - math.log(mixture(z))))

    exact = quad(integrand, -2.5, 4, epsabs=1e-10)[0]
    noise = torch.Generator().manual_seed(0)
    found = estimate(kl_samples((MEAN, VARIANCE), (MEANS, VARIANCES), noise, 40_000))
    assert found.value == pytest.approx(exact, abs=4 * found.error)
    tighter, looser = bound_by_components((MEAN, VARIANCE), (MEANS, VARIANCES))
    each = [
        0.5 * (float(VARIANCE) / v - 1 - math.log(float(VARIANCE) / v) + (float(MEAN) - m) ** 2 / v)
        for m, v in zip(MEANS[:, 0].tolist(), VARIANCES[:, 0].tolist(), strict=True)
    ]
    assert tighter == pytest.approx(-math.log(np.mean(np.exp(-np.array(each)))))
    assert looser == pytest.approx(min(each) + math.log(3))
    assert exact <= tighter <= looser


def test_codes_far_apart_hold_the_log_of_how_many_there_are() -> None:
    q = (torch.arange(7, dtype=torch.float64).unsqueeze(1) * 100, torch.ones(7, 1, dtype=torch.float64))
    whole, information, rest = split_over_images(q, (MEANS, VARIANCES), torch.Generator().manual_seed(0))
    assert information.numpy() == pytest.approx(math.log(7))
    assert (information + rest).numpy() == pytest.approx(whole.numpy())


def test_a_small_model_has_all_numbers_in_their_order() -> None:
    torch.manual_seed(0)
    model = GMVAE(GMVAEConfig(pixels=16, z=5, k=7, hidden=(11, 13)))
    images = torch.randint(0, 2, (97, 16)).float()
    numbers = mixture_kl_numbers(model, images[3], images)
    assert agree(numbers["kl_first"], numbers["kl_second"])
    assert numbers["by_components"].value <= numbers["best_and_log_k"].value
    assert numbers["information"].value <= numbers["log_n"].value == pytest.approx(math.log(97))
    assert numbers["whole_mean"].value == pytest.approx(numbers["sum_of_parts"].value)
