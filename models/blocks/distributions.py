"""Densities, divergences and samplers, as pure functions of tensors. Every result is in nats."""

import math
from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = [
    "component_log_densities",
    "gaussian_parameters",
    "kl_normal",
    "log_bernoulli",
    "log_mean_exp",
    "log_normal",
    "log_normal_mixture",
    "sample_gaussian",
    "sample_in_chunks",
]

MINIMUM_VARIANCE = 1e-8
NEGLIGIBLE = 80.0  # nats: exp(-80) = 2e-35
LOG_TWO_PI = math.log(2 * math.pi)


def gaussian_parameters(h: Tensor, dim: int = -1) -> tuple[Tensor, Tensor]:
    """Split a network's output into the mean and the variance of a diagonal Gaussian.

    The first half of `h` along `dim` is the mean; the second half becomes the variance
    softplus(h) + 1e-8. It is a variance: not its logarithm, not a standard deviation.

    Arguments:
        h: any shape whose size along `dim` is even.

    Returns:
        Mean and variance, each half as long as `h` along `dim`, in float32 or better.

    Raises:
        ValueError: the size along `dim` is odd.
    """
    if h.shape[dim] % 2:
        raise ValueError(f"Mean and variance need an even number of features, not {h.shape[dim]}.")
    mean, raw_variance = at_least_float32(h).chunk(2, dim)
    return mean, F.softplus(raw_variance) + MINIMUM_VARIANCE


def sample_gaussian(mean: Tensor, variance: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """Draw mean + sqrt(variance) * N(0, 1): the reparameterised sample, differentiable in both.

    Arguments:
        mean, variance: shapes that broadcast together; the noise takes the broadcast shape.
        generator: source of the noise; torch's default generator when absent.
    """
    shape = torch.broadcast_tensors(mean, variance)[0].shape  # broadcast_shapes would load sympy, a second or more
    noise = torch.randn(shape, generator=generator, device=mean.device, dtype=mean.dtype)
    return mean + variance.sqrt() * noise


def sample_in_chunks(
    mean: Tensor, variance: Tensor, m: int, chunk: int, generator: torch.Generator | None = None
) -> Iterator[Tensor]:
    """m draws of `sample_gaussian`, made one by one, so that a seed gives the same draws for every chunk size.

    Yields:
        Tensors (at most `chunk`, *mean.shape), m rows in all.

    Raises:
        ValueError: m or chunk is below 1.
    """
    if m < 1 or chunk < 1:
        raise ValueError(f"The number of importance samples must be at least 1, not {min(m, chunk)}.")
    for start in range(0, m, chunk):
        yield torch.stack([sample_gaussian(mean, variance, generator) for _ in range(min(chunk, m - start))])


def log_normal(x: Tensor, mean: Tensor, variance: Tensor) -> Tensor:
    """log N(x; mean, diag(variance)), summed over the last axis: shape (..., d) -> (...)."""
    return -0.5 * (LOG_TWO_PI + variance.log() + (x - mean).square() / variance).sum(-1)


def log_normal_mixture(x: Tensor, means: Tensor, variances: Tensor) -> Tensor:
    """log of the mean over k diagonal Gaussians: a mixture with equal weights.

    One matrix product in place of a (..., k, d) broadcast: -(x - m)^2 / 2v is linear in (x^2, x).

    Arguments:
        x: (..., d).
        means, variances: (k, d) each.

    Returns:
        Shape (...).
    """
    return log_mean_exp(component_log_densities(x, means, variances), -1)


def component_log_densities(x: Tensor, means: Tensor, variances: Tensor) -> Tensor:
    """log N(x; m_j, diag(v_j)) of every component j: x (..., d), means and variances (k, d) -> (..., k)."""
    precisions = variances.reciprocal()
    constants = -0.5 * (LOG_TWO_PI + variances.log() + means.square() * precisions).sum(-1)
    features = torch.cat([x.square(), x], -1)
    weights = torch.cat([-0.5 * precisions, means * precisions], -1)
    with torch.autocast(x.device.type, enabled=False):  # these differences of squares need every bit
        return F.linear(features, weights, constants)


def kl_normal(q_mean: Tensor, q_variance: Tensor, p_mean: Tensor, p_variance: Tensor) -> Tensor:
    """KL(N(q_mean, diag(q_variance)) || N(p_mean, diag(p_variance))), summed over the last axis.

    Closed form (Kingma & Welling 2014, appendix B): shape (..., d) -> (...).
    """
    ratio = q_variance / p_variance
    return 0.5 * (ratio - 1 - ratio.log() + (q_mean - p_mean).square() / p_variance).sum(-1)


def log_bernoulli(x: Tensor, logits: Tensor) -> Tensor:
    """log p(x) of independent Bernoulli pixels with the given logits, summed over the last axis.

    Uses x * l - softplus(l), which stays exact where a probability rounds to 0 or 1.
    Shapes that broadcast to (..., d) -> (...); `x` holds 0 and 1, or grey values between them.
    """
    logits = at_least_float32(logits)
    return (x * logits).sum(-1) - F.softplus(logits).sum(-1)


def log_mean_exp(x: Tensor, dim: int) -> Tensor:
    """log of the mean of exp(x) along `dim`, without overflow.

    Values that lie too far below the largest to change the sum are raised: exp of such numbers is far slower.
    """
    negligible = x.detach().amax(dim, keepdim=True) - NEGLIGIBLE
    return x.maximum(negligible).logsumexp(dim) - math.log(x.shape[dim])


def at_least_float32(x: Tensor) -> Tensor:
    """Networks may compute in bfloat16; densities never do."""
    return x.float() if x.dtype in (torch.bfloat16, torch.float16) else x
