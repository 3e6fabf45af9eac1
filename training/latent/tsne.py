"""t-SNE (van der Maaten & Hinton 2008), exact: points in many dimensions laid out in two, neighbours kept together."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from training.latent.encoding import principal_directions

__all__ = ["tsne"]

EXAGGERATED_STEPS = 200
EXAGGERATION = 12.0
SEARCHES = 40


@torch.inference_mode()
def tsne(
    points: Tensor,
    *,
    perplexity: float = 30.0,
    steps: int = 600,
    report: Callable[[float], None] | None = None,
) -> Tensor:
    """Lay out points (n, d) as (n, 2). Memory and each step grow with n squared: meant for some thousands at most.

    It starts from the two principal directions, so that the same points give the same picture. Distances within a
    neighbourhood mean something; those between far groups, and the groups' sizes, mean little.

    Arguments:
        perplexity: about how many neighbours each point minds; below n / 3.
        steps: of gradient descent, the first 200 with the attractions exaggerated.
        report: called with the fraction done at every step; it may raise to end the work.

    Raises:
        ValueError: too few points for this perplexity.
    """
    count = len(points)
    if count <= 3 * perplexity:
        raise ValueError(f"A perplexity of {perplexity:g} needs more than {3 * perplexity:g} points, not {count}.")
    attraction = _neighbourhoods(points.float(), perplexity)
    directions, _ = principal_directions(points)
    layout = (points - points.mean(0)) @ directions.T
    layout = 1e-4 * layout / layout[:, 0].std().clamp_min(1e-12)
    speed, gain = torch.zeros_like(layout), torch.ones_like(layout)
    rate = max(count / EXAGGERATION / 4, 50.0)
    for step in range(steps):
        exaggerated = step < EXAGGERATED_STEPS
        near = 1 / (1 + _squared_distances(layout))
        near.fill_diagonal_(0)
        pull = ((EXAGGERATION if exaggerated else 1.0) * attraction - near / near.sum()) * near
        slope = 4 * (pull.sum(1, keepdim=True) * layout - pull @ layout)
        gain = torch.where(slope.sign() == speed.sign(), gain * 0.8, gain + 0.2).clamp_min(0.01)
        speed = (0.5 if exaggerated else 0.8) * speed - rate * gain * slope
        layout = layout + speed
        if report is not None:
            report((step + 1) / steps)
    return layout - layout.mean(0)


def _squared_distances(points: Tensor) -> Tensor:
    norms = points.square().sum(1)
    return (norms.unsqueeze(1) + norms - 2 * points @ points.T).clamp_min(0)


def _neighbourhoods(points: Tensor, perplexity: float) -> Tensor:
    """How much each pair attracts, (n, n), summing to 1: Gaussians whose entropies are all log(perplexity).

    The precision of each point's Gaussian is found by bisection.
    """
    distances = _squared_distances(points)
    distances.fill_diagonal_(math.inf)
    distances = distances - distances.min(1, keepdim=True).values  # the largest weight of each row becomes 1
    low, high = torch.zeros(len(points), 1), torch.full((len(points), 1), math.inf)
    precision = torch.ones(len(points), 1)
    finite = distances.masked_fill(distances.isinf(), 0)
    for _ in range(SEARCHES):
        weights = (-distances * precision).exp()
        total = weights.sum(1, keepdim=True)
        entropy = total.log() + precision * (weights * finite).sum(1, keepdim=True) / total
        too_wide = entropy > math.log(perplexity)
        low, high = torch.where(too_wide, precision, low), torch.where(too_wide, high, precision)
        precision = torch.where(high.isinf(), 2 * precision, (low + high) / 2)
    weights = (-distances * precision).exp()
    shares = weights / weights.sum(1, keepdim=True)
    return (shares + shares.T) / (2 * len(points))
