"""The IWAE bounds of one image from one stream of importance weights, and the subset argument on six of them.

L_m = E[log 1/m sum_k w_k],   w_k = p(x, z_k) / q(z_k|x),   z_k ~ q(z|x)      (Burda et al. 2016)
"""

import math
from itertools import combinations

import torch
from torch import Tensor

from training.theory.measured import Measured, estimate

__all__ = ["BOUNDS", "bound", "log_of_subset_means", "mean_over_subsets"]

BOUNDS = (1, 10, 100, 1000)


def bound(log_weights: Tensor, m: int) -> Measured:
    """L_m of the weights in groups of m, in order, in nats, and its standard error over the groups.

    Arguments:
        log_weights: float64 (n,), n a multiple of m and at least two groups.
    """
    return estimate(log_weights.reshape(-1, m).logsumexp(1) - math.log(m))


def mean_over_subsets(weights: Tensor, size: int) -> float:
    """The mean, over all subsets of a size, of the mean of the weights in a subset: (m,) -> their mean."""
    return float(
        torch.stack([weights[list(chosen)].mean() for chosen in combinations(range(len(weights)), size)]).mean()
    )


def log_of_subset_means(weights: Tensor, size: int) -> float:
    """The mean, over all subsets of a size, of the log of the mean of the weights in a subset."""
    means = [weights[list(chosen)].mean().log() for chosen in combinations(range(len(weights)), size)]
    return float(torch.stack(means).mean())
