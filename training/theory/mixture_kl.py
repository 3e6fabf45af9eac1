"""The KL from a mixture prior: one sample of it, its bounds in closed form, and what it is made of over many images.

E_x KL(q(z|x) || p(z)) = I(x; z) + KL(q(z) || p(z)),   q(z) = 1/N sum_n q(z|x_n)      (Hoffman & Johnson 2016)
"""

import math

import torch
from torch import Tensor

from models.blocks.distributions import component_log_densities, kl_normal, log_mean_exp, log_normal, sample_gaussian
from models.contract import LatentSpace, Mixture
from training.theory.measured import Measured, Numbers, estimate

__all__ = ["bound_by_components", "kl_samples", "mixture_kl_numbers", "split_over_images"]

DRAWS = 4000
EACH = 2  # draws of z for each image


def kl_samples(q: tuple[Tensor, Tensor], components: tuple[Tensor, Tensor], noise: torch.Generator, n: int) -> Tensor:
    """log q(z) - log p(z) of n draws z ~ q, in nats: (n,); their mean is the KL of q from the mixture.

    Arguments:
        q: mean and variance (z,).
        components: means and variances (k, z).
    """
    mean, variance = (value.expand(n, -1) for value in q)
    z = sample_gaussian(mean, variance, noise)
    return log_normal(z, *q) - log_mean_exp(component_log_densities(z, *components), -1)


def bound_by_components(q: tuple[Tensor, Tensor], components: tuple[Tensor, Tensor]) -> tuple[float, float]:
    """Two upper bounds on the KL from the mixture, from the KL_c to each component, in nats.

    -log 1/k sum_c exp(-KL_c) (Hershey & Olsen 2007, eq. 20), and min_c KL_c + log k, which is larger.
    """
    each = kl_normal(*q, *components)
    return float(-log_mean_exp(-each, 0)), float(each.min()) + math.log(len(each))


def split_over_images(
    q: tuple[Tensor, Tensor], components: tuple[Tensor, Tensor], noise: torch.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """Samples of KL(q_n || p), of the information log q_n - log q(z), and of log q(z) - log p(z): (draws,) each.

    Arguments:
        q: means and variances of every image's q, (n, z) each.
    """
    mean, variance = (value.repeat(EACH, 1) for value in q)
    z = sample_gaussian(mean, variance, noise)
    own = log_normal(z, mean, variance)
    prior = log_mean_exp(component_log_densities(z, *components), -1)
    aggregate = log_mean_exp(component_log_densities(z, *q), -1)
    return own - prior, own - aggregate, aggregate - prior


@torch.inference_mode()
def mixture_kl_numbers(model: Mixture, x: Tensor, images: Tensor, *, seed: int = 0) -> Numbers:
    """Every number of the derivation.

    Arguments:
        x: a binary image, float (pixels,).
        images: those over which the KL is split, float (n, pixels).
    """
    assert isinstance(model, LatentSpace)
    noise = torch.Generator().manual_seed(seed)
    means, variances = (value.double() for value in model.components())
    mean, variance = (value[0].double() for value in model.posterior(x.unsqueeze(0)))
    samples = kl_samples((mean, variance), (means, variances), noise, DRAWS)
    tighter, looser = bound_by_components((mean, variance), (means, variances))
    code = model.posterior(images)
    whole, information, rest = split_over_images(
        (code.mean.double(), code.variance.double()), (means, variances), noise
    )
    exact = {
        "one_sample": float(samples[0]),
        "smallest": float(samples.min()),
        "largest": float(samples.max()),
        "spread": float(samples.std()),
        "by_components": tighter,
        "best_and_log_k": looser,
        "log_n": math.log(len(images)),
        "images": float(len(images)),
        "zero": 0.0,
        "sum_of_parts": float(information.mean() + rest.mean()),
        "whole_mean": float(whole.mean()),
    }
    return {name: Measured(value) for name, value in exact.items()} | {
        "kl": estimate(samples),
        "kl_first": estimate(samples[: DRAWS // 2]),
        "kl_second": estimate(samples[DRAWS // 2 :]),
        "information": estimate(information),
        "rest": estimate(rest),
    }
