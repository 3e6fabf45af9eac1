"""The ELBO by Jensen's inequality and by the identity log p(x) = ELBO + KL(q(z|x) || p(z|x)), in numbers."""

import torch
from torch import Tensor

from models.blocks.normal_prior import StandardNormalVAE
from training.evaluation.importance import draw_importance_sample
from training.theory.bounds import bound
from training.theory.measured import Measured, Numbers
from training.theory.one_dimension import OneDimension

__all__ = ["Curves", "evidence_numbers", "posterior_curves"]

DRAWS = 5000
CURVE = 241  # points
Curves = list[dict[str, float]]


@torch.inference_mode()
def evidence_numbers(model: StandardNormalVAE, x: Tensor, *, seed: int = 0) -> Numbers:
    """Every number of the derivation: exact ones for one free dimension, estimates for all.

    Arguments:
        x: a binary image, float (pixels,).
    """
    one = OneDimension(model, x)
    log_p, elbo = one.log_evidence(), one.expected_log_joint() + one.entropy()
    kl, rec, kl_posterior = one.kl_to_prior(), -one.expected_log_likelihood(), one.kl_to_posterior()
    bayes = one.under_q(one.log_joint(one.own_grid) - _log_posterior(one, one.own_grid))
    exact = {
        "log_p": log_p,
        "log_mean_weight": one.log_mean_weight(),
        "elbo": elbo,
        "elbo_in_two": -rec - kl,
        "rec": rec,
        "kl_prior": kl,
        "kl_posterior": kl_posterior,
        "elbo_plus_kl": elbo + kl_posterior,
        "jensen_gap": log_p - elbo,
        "bayes": bayes,
        "mass": one.under_q(torch.ones_like(one.own_grid)),
        "one": 1.0,
    }
    weights = draw_importance_sample(model, x, DRAWS, seed=seed).log_weights
    estimates = {"elbo_all": bound(weights, 1), "bound_all": bound(weights, 1000)}
    return {name: Measured(value) for name, value in exact.items()} | estimates


def _log_posterior(one: OneDimension, z: Tensor) -> Tensor:
    """log p(z|x) at any nodes: (n,) -> (n,)."""
    return one.log_joint(z) - one.log_evidence()


@torch.inference_mode()
def posterior_curves(model: StandardNormalVAE, x: Tensor) -> tuple[int, Curves]:
    """The free dimension, and over its values z the densities of q(z|x), p(z|x) and p(z), where the first two lie."""
    one = OneDimension(model, x)
    posterior = one.log_posterior().exp()
    step = float(one.grid[1] - one.grid[0])
    cumulative = (posterior * step).cumsum(0)
    inside = one.grid[(cumulative > 1e-4) & (cumulative < 1 - 1e-4)]
    spread = 4 * float(one.variance.sqrt())
    low, high = min(float(inside[0]), float(one.mean) - spread), max(float(inside[-1]), float(one.mean) + spread)
    z = torch.linspace(low, high, CURVE, dtype=torch.float64)
    densities = {
        "q": one.log_q(z).exp(),
        "posterior": _log_posterior(one, z).exp(),
        "prior": one.log_prior(z).exp(),
    }
    return one.dimension, [
        {"z": float(at), **{name: float(values[place]) for name, values in densities.items()}}
        for place, at in enumerate(z)
    ]
