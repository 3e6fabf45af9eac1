"""log p(x) and p(z|x) of one image, exact up to a stated error, where z has two dimensions: sums over a grid.

    log p(x) = log of the integral of p(x|z) p(z) dz,    log p(x) = ELBO(q) + KL(q(z|x) || p(z|x))

The trapezoid rule's error on a smooth density that vanishes at the grid's edge falls faster than any power of the
spacing (Trefethen & Weideman 2014), so the difference to the grid of twice the spacing is a safe bound on it.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from models.blocks.distributions import log_normal
from models.blocks.latent_variable import GaussianEncoder
from models.contract import Gaussian, role
from training.system.errors import UserError

__all__ = [
    "ExactPosterior",
    "best_gaussian",
    "draw",
    "elbo_by_quadrature",
    "exact_posterior",
    "is_exact",
    "kl_to_posterior",
    "resample",
]

REACH, COARSE = 7.0, 81  # half the first grid's width in z, and its nodes a side
FINE, FINEST = 161, 641  # nodes a side of the second grid, odd: every other one is a grid too; more until it is
ENOUGH = 1e-4  # nats off at most, where they suffice
VANISHED = 30.0  # nats below the peak, where the density no longer counts
SIGMAS = 6.0  # of q that the fine grid holds
NODES = 24  # of Gauss-Hermite quadrature, each dimension
AT_ONCE = 4096


@dataclass(frozen=True)
class ExactPosterior:
    """One image's evidence and posterior.

    Attributes:
        log_evidence: log p(x) in nats; `error` bounds how far it may be off.
        axes: the grid's coordinates in z_1 and in z_2, float64 (n,) each.
        log_density: log p(z|x) at the nodes, float64 (n, n), first index z_1.
    """

    log_evidence: float
    error: float
    axes: tuple[Tensor, Tensor]
    log_density: Tensor

    @property
    def cell(self) -> float:
        """The area that a node stands for."""
        return math.prod(float(axis[1] - axis[0]) for axis in self.axes)


def is_exact(model: object) -> bool:
    """Whether a model's evidence can be summed: a density with a Gaussian q(z|x), of a z with two dimensions."""
    density = role(model, GaussianEncoder)
    return density is not None and getattr(model, "config").z == 2  # noqa: B009 -- every model has a config


def _density(model: Any) -> GaussianEncoder:
    if not is_exact(model):
        raise UserError("Sums over a grid need a model whose z has two dimensions: choose or train one with z = 2.")
    density: GaussianEncoder = model
    return density


def _log_joint(density: GaussianEncoder, x: Tensor) -> Callable[[Tensor], Tensor]:
    """log p(x, z) of one image (pixels,) as a function of z (points, 2): float64 (points,)."""

    def at(z: Tensor) -> Tensor:
        parts = z.float().unsqueeze(1).split(AT_ONCE)  # (points, one image, 2)
        joint = [density.log_likelihood(x.unsqueeze(0), part) + density.log_prior(part) for part in parts]
        return torch.cat(joint).squeeze(1).double()

    return at


@torch.inference_mode()
def exact_posterior(model: object, x: Tensor) -> ExactPosterior:
    """Sum p(x|z) p(z) of one image, (pixels,), first over all of z, then over where anything is.

    Raises:
        UserError: the model's z has not two dimensions.
    """
    density = _density(model)
    log_joint = _log_joint(density, x)
    mean, variance = (part[0].double() for part in density.posterior(x.unsqueeze(0)))
    wide = [torch.linspace(-REACH, REACH, COARSE, dtype=torch.float64)] * 2
    coarse = log_joint(_nodes(wide)).reshape(COARSE, COARSE)
    there = (coarse > coarse.max() - VANISHED).nonzero()
    step, ends, within = 2 * REACH / (COARSE - 1), [], torch.ones_like(coarse, dtype=torch.bool)
    for dimension in range(2):
        low, high = (float(wide[dimension][there[:, dimension].aminmax()[end]]) for end in range(2))
        spread = SIGMAS * float(variance[dimension].sqrt())
        low = min(low - 2 * step, float(mean[dimension]) - spread)
        high = max(high + 2 * step, float(mean[dimension]) + spread)
        ends.append((low, high))
        inside = (wide[dimension] >= low) & (wide[dimension] <= high)
        within &= inside.unsqueeze(1 - dimension)
    found = _summed(log_joint, ends, FINE)
    while found.error > ENOUGH and (nodes := 2 * len(found.axes[0]) - 1) <= FINEST:
        found = _summed(log_joint, ends, nodes)
    outside = float((coarse[~within] - found.log_evidence).exp().sum()) * step**2
    return replace(found, error=found.error + outside)


def _summed(log_joint: Callable[[Tensor], Tensor], ends: list[tuple[float, float]], nodes: int) -> ExactPosterior:
    """The sum over a grid between two ends in z_1 and in z_2, and how it changes with twice the spacing."""
    first, second = (torch.linspace(low, high, nodes, dtype=torch.float64) for low, high in ends)
    log_values = log_joint(_nodes([first, second])).reshape(nodes, nodes)
    cell = math.prod((high - low) / (nodes - 1) for low, high in ends)
    log_evidence = float(log_values.logsumexp((0, 1))) + math.log(cell)
    doubled = float(log_values[::2, ::2].logsumexp((0, 1))) + math.log(4 * cell)
    return ExactPosterior(log_evidence, abs(log_evidence - doubled), (first, second), log_values - log_evidence)


def _nodes(axes: list[Tensor]) -> Tensor:
    return torch.cartesian_prod(*axes)


@torch.inference_mode()
def kl_to_posterior(exact: ExactPosterior, q: Gaussian) -> float:
    """KL(q || p(z|x)) in nats by a sum over the grid, for one diagonal Gaussian, (2,) each."""
    mean, variance = (part.double() for part in q)
    z = _nodes(list(exact.axes))
    log_q = log_normal(z, mean, variance).reshape(exact.log_density.shape)
    return float((log_q.exp() * (log_q - exact.log_density)).sum()) * exact.cell


def _quadrature() -> tuple[Tensor, Tensor]:
    """Points (n, 2) and weights (n,) whose weighted sums are expectations under N(0, I)."""
    points, weights = (torch.from_numpy(part) for part in np.polynomial.hermite_e.hermegauss(NODES))
    weights = weights / weights.sum()
    return torch.cartesian_prod(points, points), torch.outer(weights, weights).flatten()


def _elbo(log_joint: Callable[[Tensor], Tensor], mean: Tensor, variance: Tensor) -> Tensor:
    points, weights = _quadrature()
    z = mean + variance.sqrt() * points
    return (weights * log_joint(z)).sum() - (weights * log_normal(z, mean, variance)).sum()


@torch.inference_mode()
def elbo_by_quadrature(model: object, x: Tensor, q: Gaussian) -> float:
    """E_q[log p(x, z) - log q(z)] of one image, (pixels,), without noise: Gauss-Hermite quadrature.

    Arguments:
        q: a diagonal Gaussian, (2,) each.

    Raises:
        UserError: the model's z has not two dimensions.
    """
    return float(_elbo(_log_joint(_density(model), x), q.mean.double(), q.variance.double()))


def best_gaussian(model: object, x: Tensor) -> Gaussian:
    """The diagonal Gaussian with the highest ELBO for this one image, (pixels,): float64 (2,) each.

    What the encoder's q(z|x) lacks to it is the amortisation gap, what it lacks to log p(x) the approximation gap
    (Cremer, Li & Duvenaud 2018).

    Raises:
        UserError: the model's z has not two dimensions.
    """
    density = _density(model)
    log_joint = _log_joint(density, x)
    with torch.no_grad():
        start = density.posterior(x.unsqueeze(0))
    mean = start.mean[0].detach().double().requires_grad_()
    log_variance = start.variance[0].detach().double().log().requires_grad_()
    search = torch.optim.LBFGS(
        [mean, log_variance], max_iter=100, tolerance_change=1e-10, line_search_fn="strong_wolfe"
    )

    def loss() -> Tensor:
        search.zero_grad()
        negative = -_elbo(log_joint, mean, log_variance.exp())
        negative.backward()
        return negative

    search.step(loss)
    return Gaussian(mean.detach(), log_variance.detach().exp())


@torch.inference_mode()
def draw(model: object, x: Tensor, count: int, *, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Draws z of the encoder's q(z|x) of one image, (pixels,): (count, 2), and log p(x, z) - log q(z|x) of each.

    Raises:
        UserError: the model's z has not two dimensions.
    """
    density = _density(model)
    mean, variance = (part[0].double() for part in density.posterior(x.unsqueeze(0)))
    noise = torch.randn(count, 2, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    z = mean + variance.sqrt() * noise
    return z, _log_joint(density, x)(z) - log_normal(z, mean, variance)


@torch.inference_mode()
def resample(log_weights: Tensor, m: int, count: int, *, seed: int = 0) -> Tensor:
    """Which of the draws of q are picked by sampling-importance-resampling: int64 (count,).

    Each pick chooses m of the draws by chance and, of those, one in proportion to its weight (Rubin 1988). With m = 1
    picks are distributed as q; as m grows, as p(z|x).

    Arguments:
        log_weights: log p(x, z) - log q(z|x) of independent draws, (n,), n above m.
    """
    generator = torch.Generator().manual_seed(seed)
    candidates = torch.randint(len(log_weights), (count, m), generator=generator)
    gumbel = -torch.rand(count, m, generator=generator, dtype=torch.float64).log().neg().log()
    best = (log_weights[candidates].double() + gumbel).argmax(1)
    return candidates[torch.arange(count), best]
