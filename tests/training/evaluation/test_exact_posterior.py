import math
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from scipy.integrate import dblquad
from torch import Tensor
from torch.distributions import MultivariateNormal

from models import vae
from models.blocks.distributions import log_normal
from models.blocks.latent_variable import GaussianEncoder
from models.contract import Gaussian
from models.registry import FAMILIES
from models.vae import VAE, VAEConfig
from training.checkpoints.reading import Checkpoint, load_checkpoint
from training.evaluation.evaluate import dataset_of
from training.evaluation.exact_posterior import (
    best_gaussian,
    draw,
    elbo_by_quadrature,
    exact_posterior,
    is_exact,
    kl_to_posterior,
    resample,
)
from training.system.errors import UserError
from training.system.folders import PRETRAINED


class LinearGaussian(GaussianEncoder):
    """z ~ N(0, I), x ~ N(W z, 0.5 I), with a q(z|x) that is not the posterior: all is known in closed form."""

    noise = 0.5

    def __init__(self, pixels: int = 3) -> None:
        self.config = SimpleNamespace(pixels=pixels, z=2)
        self.W = torch.randn(pixels, 2, generator=torch.Generator().manual_seed(0))

    def exact(self, x: Tensor) -> tuple[float, MultivariateNormal]:
        """log p(x) and p(z|x)."""
        w = self.W.double()
        covariance = w @ w.T + self.noise * torch.eye(len(w), dtype=torch.float64)
        precision = torch.eye(2, dtype=torch.float64) + w.T @ w / self.noise
        mean = torch.linalg.solve(precision, w.T @ x.double() / self.noise)
        evidence = MultivariateNormal(torch.zeros(len(w), dtype=torch.float64), covariance).log_prob(x.double())
        return float(evidence), MultivariateNormal(mean, precision.inverse())

    def posterior(self, x: Tensor) -> Gaussian:
        return Gaussian(0.3 * x[:, :2] + 0.1, torch.full((len(x), 2), 0.04))

    def log_likelihood(self, x: Tensor, z: Tensor) -> Tensor:
        return log_normal(x, z @ self.W.T, torch.full_like(x, self.noise))

    def log_prior(self, z: Tensor) -> Tensor:
        return log_normal(z, torch.zeros(2), torch.ones(2))

    def encode(self, x: Tensor) -> Tensor:
        return self.posterior(x).mean

    def reconstruct(self, x: Tensor) -> Tensor:
        return self.encode(x) @ self.W.T

    def kl_per_dimension(self, x: Tensor, *, generator: torch.Generator | None = None) -> Tensor:
        raise NotImplementedError


X = torch.tensor([0.7, -1.1, 0.4])


def q_of(model: Any, x: Tensor = X) -> Gaussian:
    return Gaussian(*(part[0].detach() for part in model.posterior(x.unsqueeze(0))))


@pytest.fixture
def linear() -> LinearGaussian:
    return LinearGaussian()


@pytest.fixture(scope="module")
def shipped() -> Checkpoint:
    return load_checkpoint(PRETRAINED / "vae-z2")


def test_the_sum_is_the_known_evidence_within_its_error(linear: LinearGaussian) -> None:
    found, (evidence, posterior) = exact_posterior(linear, X), linear.exact(X)
    assert found.log_evidence == pytest.approx(evidence, abs=1e-5)
    assert 0 <= found.error < 1e-4
    z = torch.cartesian_prod(*found.axes)
    dense = posterior.log_prob(z).reshape(found.log_density.shape)
    assert torch.allclose(found.log_density.exp(), dense.exp(), atol=1e-4)
    assert float(found.log_density.exp().sum()) * found.cell == pytest.approx(1, abs=1e-6)


def test_divergence_and_elbo_are_the_known_ones(linear: LinearGaussian) -> None:
    """KL between two Gaussians in closed form; the ELBO is what it leaves of log p(x)."""
    evidence, posterior = linear.exact(X)
    q = q_of(linear)
    as_normal = MultivariateNormal(q.mean.double(), torch.diag(q.variance.double()))
    kl = float(torch.distributions.kl_divergence(as_normal, posterior))
    assert kl > 0.1
    assert kl_to_posterior(exact_posterior(linear, X), q) == pytest.approx(kl, abs=1e-4)
    assert elbo_by_quadrature(linear, X, q) == pytest.approx(evidence - kl, abs=1e-5)


def test_the_best_diagonal_gaussian_is_the_known_one(linear: LinearGaussian) -> None:
    """Of a Gaussian posterior with precision P it has the same mean and variances 1 / P_jj (Bishop 2006, 10.1.2)."""
    _, posterior = linear.exact(X)
    best = best_gaussian(linear, X)
    assert torch.allclose(best.mean, posterior.mean, atol=1e-3)
    assert torch.allclose(best.variance, 1 / posterior.precision_matrix.diagonal(), rtol=1e-3)


def test_a_small_networks_sum_is_scipys() -> None:
    model: VAE = vae.FAMILY.fresh(VAEConfig(z=2, hidden=(11, 13), pixels=16), seed=3)
    x = torch.randint(0, 2, (16,), generator=torch.Generator().manual_seed(1)).float()

    def joint(b: float, a: float) -> float:
        z = torch.tensor([[a, b]])
        with torch.no_grad():
            return math.exp(float(model.log_likelihood(x.unsqueeze(0), z) + model.log_prior(z)) + 10)

    known, _ = dblquad(joint, -5, 5, -5, 5, epsabs=1e-4, epsrel=1e-3)
    found = exact_posterior(model, x)
    assert found.log_evidence == pytest.approx(math.log(known) - 10, abs=1e-3)


def test_elbo_and_divergence_sum_to_the_evidence_of_shipped_weights(shipped: Checkpoint) -> None:
    """For the encoder's q and for the best Gaussian, whose ELBO is never below."""
    for x in dataset_of("homework").evaluation_set("homework")[3::20]:
        exact, q = exact_posterior(shipped.model, x), q_of(shipped.model, x)
        assert exact.error < 1e-3
        best = best_gaussian(shipped.model, x)
        elbos = [elbo_by_quadrature(shipped.model, x, each) for each in (q, best)]
        for each, elbo in zip((q, best), elbos, strict=True):
            assert elbo + kl_to_posterior(exact, each) == pytest.approx(exact.log_evidence, abs=1e-3)
        assert elbos[0] <= elbos[1] + 1e-6 <= exact.log_evidence + 1e-3


def pooled(log_weights: Tensor) -> tuple[float, float]:
    """The log of the weights' mean, and its standard error from ten groups."""
    groups = log_weights.reshape(10, -1).logsumexp(1) - math.log(len(log_weights) / 10)
    whole = float(log_weights.logsumexp(0)) - math.log(len(log_weights))
    return whole, float((groups - whole).exp().std()) / math.sqrt(10)


@pytest.mark.no_cover
@pytest.mark.parametrize("number", [7, 42, 77])
def test_it_agrees_with_iwae_100000(shipped: Checkpoint, number: int) -> None:
    """As it does on 18 of the homework digits 2, 7, ..., 97, within four standard errors."""
    x = dataset_of("homework").evaluation_set("homework")[number]
    _, log_weights = draw(shipped.model, x, 100_000, seed=5)
    bound, error = pooled(log_weights)
    assert error < 0.01
    assert exact_posterior(shipped.model, x).log_evidence == pytest.approx(bound, abs=4 * error + 1e-3)


@pytest.mark.no_cover
def test_it_sees_what_q_never_visits(shipped: Checkpoint) -> None:
    """On one of the other two digits IWAE-100,000 stays 18 nats below: q misses nearly all of p(z|x). Draws of the
    prior do not."""
    x, model = dataset_of("homework").evaluation_set("homework")[92], shipped.model
    exact = exact_posterior(model, x).log_evidence
    _, log_weights = draw(model, x, 20_000, seed=5)
    assert pooled(log_weights)[0] < exact - 10
    z = model.sample_prior(200_000, generator=torch.Generator().manual_seed(6))
    density: Any = model
    with torch.inference_mode():
        parts = [density.log_likelihood(x.unsqueeze(0), part.unsqueeze(1))[:, 0].double() for part in z.split(4096)]
    bound, error = pooled(torch.cat(parts))
    assert exact == pytest.approx(bound, abs=4 * error + 1e-3)
    assert error < 0.2


def test_draws_have_the_weights_of_the_model(linear: LinearGaussian) -> None:
    z, log_weights = draw(linear, X, 50_000, seed=2)
    q = q_of(linear)
    assert torch.allclose(z.mean(0).float(), q.mean, atol=0.01)
    assert float(log_weights.mean()) == pytest.approx(elbo_by_quadrature(linear, X, q), abs=0.05)
    assert torch.equal(z, draw(linear, X, 50_000, seed=2)[0])


def test_resampled_draws_go_from_q_to_the_posterior(linear: LinearGaussian) -> None:
    z, log_weights = draw(linear, X, 20_000, seed=1)
    _, posterior = linear.exact(X)
    q = q_of(linear)
    near = {m: z[resample(log_weights, m, 4000)].mean(0) for m in (1, 1000)}
    assert torch.allclose(near[1].float(), q.mean, atol=0.02)
    before, after = (float((near[m] - posterior.mean).norm()) for m in (1, 1000))
    assert after < 0.35 * before


def test_only_two_latent_dimensions_are_summed() -> None:
    for name, family in FAMILIES.items():
        wide: Any = family.fresh(family.presets[0].model, seed=0)
        assert not is_exact(wide), name
    with pytest.raises(UserError, match="need a model whose z has two dimensions"):
        exact_posterior(vae.FAMILY.fresh(VAEConfig(z=3, hidden=(5, 6)), seed=0), torch.zeros(784))
