"""log p(z) of a mixture of Gaussians, line by line, and what becomes of it in floating-point numbers."""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from models.blocks.distributions import component_log_densities, log_mean_exp, log_normal, log_normal_mixture
from models.contract import LatentSpace, Mixture
from training.theory.measured import Measured, Numbers

__all__ = ["Floats", "density_numbers", "farther_out", "in_floats", "log_sum_exp", "naive_log_mean_exp"]


class Floats(NamedTuple):
    """log p(z) in both ways and both precisions, in nats, and what the sum is made of in float32.

    Attributes:
        largest: the largest exp(a_c).
        zeros: how many of the k densities are exactly 0.
    """

    naive32: float
    stable32: float
    naive64: float
    stable64: float
    largest: float
    zeros: int


def naive_log_mean_exp(a: Tensor) -> Tensor:
    """log(1/k sum_c exp(a_c)) as it is written: (k,) -> (); minus infinity where every exp rounds to 0."""
    return a.exp().mean().log()


def log_sum_exp(a: Tensor) -> Tensor:
    """log sum_c exp(a_c) with the largest term taken out: (k,) -> (); one term of the sum is then exactly 1."""
    largest = a.max()
    return largest + (a - largest).exp().sum().log()


@torch.inference_mode()
def density_numbers(model: Mixture, x: Tensor) -> Numbers:
    """Every number of the derivation, at z = the mean of q(z|x), all exact.

    Arguments:
        x: a binary image, float (pixels,).
    """
    z, means, variances = _at_code(model, x)
    a = component_log_densities(z, means, variances)
    best = int(a.argmax())
    mean, variance = means[best], variances[best]
    one = -0.5 * math.log(2 * math.pi * float(variance[0])) - float(z[0] - mean[0]) ** 2 / (2 * float(variance[0]))
    factors = [math.exp(float(log_normal(z[i : i + 1], mean[i : i + 1], variance[i : i + 1]))) for i in range(len(z))]
    log_k = math.log(len(a))
    found = {
        "one_dimension": float(log_normal(z[:1], mean[:1], variance[:1])),
        "one_by_hand": one,
        "all_dimensions": float(log_normal(z, mean, variance)),
        "log_of_product": math.log(math.prod(factors)),
        "mixture": float(log_normal_mixture(z, means, variances)),
        "naive": float(naive_log_mean_exp(a)),
        "sum_minus_log_k": float(log_sum_exp(a)) - log_k,
        "too_large": float(log_sum_exp(a)) - float(log_mean_exp(a, 0)),
        "log_k": log_k,
        "largest": float(a[best]),
        "largest_minus_log_k": float(a[best]) - log_k,
        "mixture_of_one": float(log_normal_mixture(z, means[best : best + 1], variances[best : best + 1])),
    }
    return {name: Measured(value) for name, value in found.items()}


@torch.inference_mode()
def farther_out(model: Mixture, x: Tensor, factor: float) -> Tensor:
    """log N(factor * z; m_c, v_c) of every component c, float64 (k,), at z = the mean of q(z|x)."""
    z, means, variances = _at_code(model, x)
    return component_log_densities(factor * z, means, variances)


def in_floats(a: Tensor) -> Floats:
    """log-mean-exp of log-densities a, float64 (k,), in both ways and both precisions."""
    single = a.float()
    log_k = math.log(len(a))
    return Floats(
        float(naive_log_mean_exp(single)),
        float(log_sum_exp(single)) - log_k,
        float(naive_log_mean_exp(a)),
        float(log_sum_exp(a)) - log_k,
        float(single.exp().max()),
        int((single.exp() == 0).sum()),
    )


def _at_code(model: Mixture, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The code z (z,), and means and variances (k, z) of the components, float64."""
    assert isinstance(model, LatentSpace)
    means, variances = model.components()
    return model.posterior(x.unsqueeze(0)).mean[0].double(), means.double(), variances.double()
