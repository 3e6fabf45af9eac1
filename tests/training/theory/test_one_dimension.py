"""Sums on a grid against closed forms (a linear-Gaussian model) and adaptive quadrature (a VAE)."""

import copy
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import multivariate_normal, norm
from torch import Tensor

from models.vae import VAE, VAEConfig
from training.theory.measured import EXACT
from training.theory.one_dimension import OneDimension

SLOPE, NOISE = torch.tensor([0.7, -1.3, 0.4], dtype=torch.float64), 0.8


class LinearGaussian(OneDimension):
    """x = slope z + N(0, noise^2 I): everything that the grid sums is known."""

    def __init__(self, x: Tensor, mean: float, variance: float) -> None:
        self._x = x
        self.dimension = 0
        self.mean, self.variance = (torch.tensor(value, dtype=torch.float64) for value in (mean, variance))

    def log_likelihood(self, z: Tensor) -> Tensor:
        squares = (self._x - z.unsqueeze(-1) * SLOPE).square().sum(-1)
        return -0.5 * (squares / NOISE**2 + len(self._x) * math.log(2 * math.pi * NOISE**2))


def closed_forms(x: np.ndarray, mean: float, variance: float) -> tuple[float, float]:
    """log p(x), and KL of q from the posterior."""
    slope = SLOPE.numpy()
    covariance = np.outer(slope, slope) + NOISE**2 * np.eye(len(x))
    posterior_variance = 1 / (1 + slope @ slope / NOISE**2)
    posterior_mean = posterior_variance * (slope @ x) / NOISE**2
    ratio = variance / posterior_variance
    kl = 0.5 * (ratio - 1 - math.log(ratio) + (mean - posterior_mean) ** 2 / posterior_variance)
    return float(multivariate_normal.logpdf(x, cov=covariance)), float(kl)


@settings(max_examples=25, deadline=None)
@given(
    x=st.lists(st.floats(-2, 2), min_size=3, max_size=3),
    mean=st.floats(-1.5, 1.5),
    variance=st.floats(0.02, 1.5),
)
def test_the_grid_meets_the_closed_forms_of_a_linear_gaussian_model(
    x: list[float], mean: float, variance: float
) -> None:
    one = LinearGaussian(torch.tensor(x, dtype=torch.float64), mean, variance)
    log_p, kl = closed_forms(np.array(x), mean, variance)
    assert one.log_evidence() == pytest.approx(log_p, abs=EXACT)
    assert one.log_mean_weight() == pytest.approx(log_p, abs=EXACT)
    assert one.kl_to_posterior() == pytest.approx(kl, abs=EXACT)
    assert one.expected_log_joint() + one.entropy() == pytest.approx(log_p - kl, abs=EXACT)
    assert one.expected_log_likelihood() - one.kl_to_prior() == pytest.approx(log_p - kl, abs=EXACT)
    assert one.under_q(one.own_grid) == pytest.approx(mean, abs=EXACT)


@pytest.fixture
def vae_and_image() -> tuple[VAE, Tensor]:
    torch.manual_seed(0)
    model = VAE(VAEConfig(pixels=16, z=5, hidden=(11, 13)))
    for weights in model.parameters():  # a decoder that z changes
        weights.data *= 3
    return model, torch.randint(0, 2, (16,)).float()


def test_a_vae_with_one_free_dimension_meets_adaptive_quadrature(vae_and_image: tuple[VAE, Tensor]) -> None:
    model, x = vae_and_image
    before = {name: value.clone() for name, value in model.state_dict().items()}
    one = OneDimension(model, x)
    in_float64 = copy.deepcopy(model).double()
    with torch.no_grad():
        mean, variance = (value[0].numpy() for value in in_float64.posterior(x.double().unsqueeze(0)))
    j = one.dimension
    each = 0.5 * (variance - 1 - np.log(variance) + mean**2)
    assert j == each.argmax()

    def likelihood(z: float) -> float:
        code = torch.tensor(mean)
        code[j] = z
        with torch.no_grad():
            p = in_float64.decode(code).sigmoid().numpy()
        return float(np.prod(np.where(x.numpy() == 1, p, 1 - p)))

    def q(z: float) -> float:
        return float(norm.pdf(z, mean[j], math.sqrt(variance[j])))

    evidence = quad(lambda z: likelihood(z) * norm.pdf(z), -8, 8, epsabs=0, epsrel=1e-8, limit=400)[0]
    assert one.log_evidence() == pytest.approx(math.log(evidence), abs=EXACT)
    low, high = mean[j] - 8 * math.sqrt(variance[j]), mean[j] + 8 * math.sqrt(variance[j])
    rec = quad(lambda z: q(z) * math.log(likelihood(z)), low, high, epsabs=1e-7, limit=400)[0]
    assert one.expected_log_likelihood() == pytest.approx(rec, abs=EXACT)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert model.z_prior_m.dtype == torch.float32
