"""The importance weights of one image: what its IWAE bounds are made of."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from models.contract import Model, density_of
from training.evaluation.bounds import check_bounds

__all__ = ["ImportanceSample", "draw_importance_sample"]


@dataclass(frozen=True)
class ImportanceSample:
    """Log importance weights log p(x, z) - log q(z|x) of draws z ~ q(z|x) for one image: float64 (m,), in nats."""

    log_weights: Tensor

    def bound(self, m: int) -> float:
        """The IWAE-m bound on log p(x): log-mean-exp of m weights, mean over the whole groups of m in order.

        `bound(1)` is the mean log-weight, an estimate of the ELBO. Where m divides n and n divides the number of
        weights, `bound(m) <= bound(n)` holds exactly, by Jensen's inequality (Burda, Grosse & Salakhutdinov 2016,
        theorem 1, for the sample itself).

        Raises:
            ValueError: there are fewer than m weights, or m is below 1.
        """
        groups = len(self.log_weights) // m if m > 0 else 0
        if groups < 1:
            raise ValueError(f"A group has from 1 to {len(self.log_weights)} weights, not {m}.")
        return float((self.log_weights[: groups * m].reshape(groups, m).logsumexp(1) - math.log(m)).mean())

    @property
    def shares(self) -> Tensor:
        """Each weight's share of their sum, float64 (m,)."""
        return self.log_weights.softmax(0)

    @property
    def effective_samples(self) -> float:
        """(sum w)^2 / sum w^2, from 1 to m (Kong 1992)."""
        return float(1 / self.shares.square().sum())

    def carriers(self, share: float) -> int:
        """How many of the largest weights it takes to hold this share, 0..1, of their sum."""
        cumulative = self.shares.sort(descending=True).values.cumsum(0)
        return min(int((cumulative < share).sum()) + 1, len(cumulative))

    def histogram(self, bins: int) -> list[tuple[float, float, float, float]]:
        """Equal bins over the log-weights: left edge, right edge, share of the samples, share of the weight."""
        low, high = float(self.log_weights.min()), float(self.log_weights.max())
        width = (high - low) / bins or 1.0
        place = ((self.log_weights - low) / width).long().clamp(max=bins - 1)
        count = torch.zeros(bins, dtype=torch.float64)
        samples = count.index_add(0, place, torch.full_like(self.log_weights, 1 / len(self.log_weights)))
        weight = count.index_add(0, place, self.shares)
        return [(low + width * i, low + width * (i + 1), float(samples[i]), float(weight[i])) for i in range(bins)]


@torch.inference_mode()
def draw_importance_sample(model: Model, image: Tensor, m: int, *, seed: int = 0) -> ImportanceSample:
    """Draw m importance weights for one binary image, float (pixels,).

    Raises:
        UserError: m is below 1 or absurdly large.
    """
    check_bounds([m])
    noise = torch.Generator().manual_seed(seed)
    chunks = list(density_of(model, None).log_weights(image.unsqueeze(0), m, generator=noise))
    return ImportanceSample(torch.cat(chunks)[:, 0].double())
