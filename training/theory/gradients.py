"""Two estimators of a gradient through a random z, and how far each spreads: exact in one free dimension.

g = d/dmu E_q[f(z)],   f(z) = log p(x|z),   q = N(mu, v)
score function (REINFORCE, Williams 1992):        f(z) (z - mu) / v
the same with the baseline b = E_q[f]:            (f(z) - b) (z - mu) / v
reparameterisation (Kingma & Welling 2014):       f'(z) at z = mu + sqrt(v) e, e ~ N(0, 1)
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from models.blocks.distributions import sample_gaussian
from models.blocks.normal_prior import StandardNormalVAE
from training.theory.measured import Measured, Numbers, estimate
from training.theory.one_dimension import OneDimension

__all__ = ["Draws", "draw_gradients", "gradient_numbers", "reparameterised", "score_function"]

STEP = 1e-4  # of mu, in its central difference
DRAWS = 1000


class Draws(NamedTuple):
    """One gradient from each z, float64 (n,), by each estimator."""

    score: Tensor
    baseline: Tensor
    reparameterised: Tensor


def score_function(one: OneDimension, z: Tensor, baseline: float = 0.0) -> Tensor:
    """(f(z) - baseline) d/dmu log q(z): (n,) -> (n,)."""
    return (one.log_likelihood(z) - baseline) * (z - one.mean) / one.variance


def reparameterised(one: OneDimension, z: Tensor) -> Tensor:
    """f'(z), by automatic differentiation: (n,) -> (n,)."""
    with torch.enable_grad():
        leaf = z.detach().clone().requires_grad_()
        (slope,) = torch.autograd.grad(one.log_likelihood(leaf).sum(), leaf)
    return slope


def draw_gradients(model: StandardNormalVAE, x: Tensor, *, seed: int, draws: int = DRAWS) -> Draws:
    """Gradients from draws of z, the same z for each estimator."""
    one = OneDimension(model, x)
    noise = torch.Generator().manual_seed(seed)
    mean, variance = (value.detach().expand(draws) for value in (one.mean, one.variance))
    z = sample_gaussian(mean, variance, noise)
    with torch.no_grad():
        baseline = one.expected_log_likelihood()
        return Draws(score_function(one, z), score_function(one, z, baseline), reparameterised(one, z))


def gradient_numbers(model: StandardNormalVAE, x: Tensor, *, seed: int = 0) -> Numbers:
    """Every number of the derivation: expectations and spreads on the grid, and means of draws.

    Arguments:
        x: a binary image, float (pixels,).
    """
    one = OneDimension(model, x)
    with torch.no_grad():
        z, f = one.own_grid, one.log_likelihood(one.own_grid)
        b = one.under_q(f)
        score, centred, slope = score_function(one, z), score_function(one, z, b), reparameterised(one, z)

        def shifted(by: float) -> float:
            moved = one.own_grid + by
            return one.under_q(one.log_likelihood(moved))

        spread = {
            name: _spread(one, values) for name, values in {"score": score, "baseline": centred, "path": slope}.items()
        }
        found = {
            "difference": (shifted(STEP) - shifted(-STEP)) / (2 * STEP),
            "score_mean": one.under_q(score),
            "mean_score": one.under_q((z - one.mean) / one.variance),
            "zero": 0.0,
            "baseline_mean": one.under_q(centred),
            "path_mean": one.under_q(slope),
            "entropy_free": b,
            "sd_score": spread["score"],
            "sd_baseline": spread["baseline"],
            "sd_path": spread["path"],
            "draws_score": (spread["score"] / spread["path"]) ** 2,
            "draws_baseline": (spread["baseline"] / spread["path"]) ** 2,
        }
    drawn = draw_gradients(model, x, seed=seed)
    return {name: Measured(value) for name, value in found.items()} | {
        "estimate_score": estimate(drawn.score),
        "estimate_path": estimate(drawn.reparameterised),
    }


def _spread(one: OneDimension, values: Tensor) -> float:
    """The standard deviation under q of a function known on `own_grid`."""
    mean = one.under_q(values)
    return math.sqrt(one.under_q((values - mean).square()))
