"""The IWAE bounds of one image from one stream of importance weights, and the subset argument on six of them.

L_m = E[log 1/m sum_k w_k],   w_k = p(x, z_k) / q(z_k|x),   z_k ~ q(z|x)      (Burda et al. 2016)
"""

import math
from itertools import combinations

import torch
from torch import Tensor

from models.contract import Model, density_of
from training.evaluation.importance import ImportanceSample
from training.theory.measured import Measured, Numbers, estimate

__all__ = ["BOUNDS", "bound", "bound_numbers", "log_of_subset_means", "mean_over_subsets"]

BOUNDS = (1, 10, 100, 1000)
DRAWS = 5000
DRAWS_IN_COLOUR = 3000
FEW, SUBSET = 6, 3


def bound(log_weights: Tensor, m: int) -> Measured:
    """L_m of the weights in groups of m, in order, in nats, and its standard error over the groups.

    Arguments:
        log_weights: float64 (n,), n a multiple of m and at least two groups.
    """
    return estimate(log_weights.reshape(-1, m).logsumexp(1) - math.log(m))


def mean_over_subsets(weights: Tensor, size: int) -> float:
    """The mean, over all subsets of a size, of the mean of the weights in a subset: (m,) -> their mean."""
    means = [weights[list(chosen)].mean() for chosen in combinations(range(len(weights)), size)]
    return float(torch.stack(means).mean())


def log_of_subset_means(weights: Tensor, size: int) -> float:
    """The mean, over all subsets of a size, of the log of the mean of the weights in a subset."""
    means = [weights[list(chosen)].mean().log() for chosen in combinations(range(len(weights)), size)]
    return float(torch.stack(means).mean())


@torch.inference_mode()
def bound_numbers(model: Model, x: Tensor, label: int, *, seed: int = 0) -> Numbers:
    """Every number of the derivation, of the draws of one seed.

    Arguments:
        x: an image, float (pixels,).
        label: its digit, for a model of p(x|y).
    """
    noise = torch.Generator().manual_seed(seed)
    density, rows = density_of(model, torch.tensor([label])), x.unsqueeze(0)
    draws = DRAWS if len(x) < 1000 else DRAWS_IN_COLOUR
    log_w = torch.cat(list(density.log_weights(rows, draws, generator=noise)))[:, 0].double()
    again = x.expand(500, -1)
    terms = density_of(model, torch.full((500,), label)).elbo_terms(again, generator=noise)
    few = (log_w[:FEW] - log_w[:FEW].max()).exp()  # over the largest: the argument does not see a common factor
    bounds = {m: bound(log_w, m) for m in BOUNDS}
    gains = [bounds[10 * m].value - bounds[m].value for m in BOUNDS[:-1]]
    found = {
        "log_mean": float(log_w.logsumexp(0)) - math.log(draws),
        "mean_few": float(few.mean()),
        "mean_of_subset_means": mean_over_subsets(few, SUBSET),
        "log_mean_few": float(few.mean().log()),
        "log_subset_means": log_of_subset_means(few, SUBSET),
        "logs_few": log_of_subset_means(few, 1),
        "gain_10": gains[0],
        "gain_100": gains[1],
        "gain_1000": gains[2],
        "ratio": gains[2] / gains[1] if gains[1] > 0 else math.nan,
        "draws": float(draws),
        "effective": ImportanceSample(log_w).effective_samples,
    }
    return {name: Measured(value) for name, value in found.items()} | {
        "elbo": estimate(-terms.nelbo.double()),
        **{f"bound_{m}": value for m, value in bounds.items()},
    }
