"""A VAE with one latent dimension free and the others fixed: log p(x) and the posterior are then exact.

    z ~ N(0, 1)                                the free dimension; the others stay at the mean of q(z|x)
    x_i ~ Bernoulli(sigmoid(dec(z, rest)_i))   the same decoder
    q(z|x) = N(mean, variance)                 the encoder's, of this dimension

What is left to integrate is a function of one number, and a fine grid does it. Everything is in float64.
"""

import copy
import math
from functools import cached_property

import torch
from torch import Tensor

from models.blocks.distributions import kl_normal, log_normal
from models.blocks.normal_prior import StandardNormalVAE

__all__ = ["NODES", "OneDimension"]

NODES = 2001
REACH = 9.0  # standard deviations of the prior, and of q


class OneDimension:
    """One image under a VAE of which one latent dimension is free.

    Attributes:
        dimension: the free one: that with the largest KL for this image.
        mean, variance: of q(z|x) there, float64 scalars.
    """

    def __init__(self, model: StandardNormalVAE, x: Tensor) -> None:
        """Arguments:
        model: it is copied to float64, not changed.
        x: a binary image, float (pixels,).
        """
        self._model = copy.deepcopy(model).double().requires_grad_(False)
        self._x = x.double().unsqueeze(0)
        code = self._model.posterior(self._x)
        self.dimension = int(self._model.kl_of_dimensions(code)[0].argmax())
        self._codes = code.mean[0]
        self.mean, self.variance = code.mean[0, self.dimension], code.variance[0, self.dimension]

    def log_likelihood(self, z: Tensor) -> Tensor:
        """log p(x|z) with the other dimensions at their means: (n,) -> (n,), in nats."""
        at = torch.arange(len(self._codes)) == self.dimension
        codes = torch.where(at, z.unsqueeze(-1), self._codes)
        return self._model.log_likelihood(self._x, codes.unsqueeze(1)).squeeze(1)

    def log_prior(self, z: Tensor) -> Tensor:
        """log N(z; 0, 1), in nats: (n,) -> (n,)."""
        return log_normal(z.unsqueeze(-1), torch.zeros_like(self.mean), torch.ones_like(self.mean))

    def log_q(self, z: Tensor) -> Tensor:
        """log q(z|x), in nats: (n,) -> (n,)."""
        return log_normal(z.unsqueeze(-1), self.mean, self.variance)

    def log_joint(self, z: Tensor) -> Tensor:
        """log p(x, z), in nats: (n,) -> (n,)."""
        return self.log_likelihood(z) + self.log_prior(z)

    @cached_property
    def grid(self) -> Tensor:
        """Nodes over all that the prior and q reach, float64 (n,)."""
        spread = REACH * self.variance.sqrt()
        low, high = min(-REACH, float(self.mean - spread)), max(REACH, float(self.mean + spread))
        return torch.linspace(low, high, NODES, dtype=torch.float64)

    @cached_property
    def own_grid(self) -> Tensor:
        """Nodes over q alone, nine standard deviations to each side, float64 (n,)."""
        return self.mean + self.variance.sqrt() * torch.linspace(-REACH, REACH, NODES, dtype=torch.float64)

    @cached_property
    def joint_on_grid(self) -> Tensor:
        """`log_joint` at the nodes of `grid`."""
        return self.log_joint(self.grid)

    def log_evidence(self) -> float:
        """log p(x) = log of the integral of p(x, z) over z: trapezoids on the grid, in nats."""
        step = float(self.grid[1] - self.grid[0])
        return float(self.joint_on_grid.logsumexp(0)) + math.log(step)

    def log_posterior(self) -> Tensor:
        """log p(z|x) = log p(x, z) - log p(x) at the nodes of `grid`, in nats."""
        return self.joint_on_grid - self.log_evidence()

    def log_mean_weight(self) -> float:
        """log E_q[p(x, z) / q(z|x)], on half of the grid's nodes, in nats."""
        z = self.grid[::2]
        weighted = self.log_q(z) + (self.joint_on_grid[::2] - self.log_q(z))
        return float(weighted.logsumexp(0)) + math.log(float(z[1] - z[0]))

    def under_q(self, values: Tensor) -> float:
        """E_q of a function that is known at the nodes of `own_grid`: (n,) -> its mean."""
        z = self.own_grid
        return float((self.log_q(z).exp() * values).sum() * (z[1] - z[0]))

    def expected_log_joint(self) -> float:
        """E_q[log p(x, z)], in nats."""
        return self.under_q(self.log_joint(self.own_grid))

    def entropy(self) -> float:
        """-E_q[log q(z|x)] = log(2 pi e variance) / 2, in nats."""
        return float(0.5 * (2 * math.pi * math.e * self.variance).log())

    def expected_log_likelihood(self) -> float:
        """E_q[log p(x|z)], in nats: the reconstruction's negative."""
        return self.under_q(self.log_likelihood(self.own_grid))

    def kl_to_prior(self) -> float:
        """KL(q(z|x) || p(z)) in closed form, in nats."""
        zero, one = torch.zeros(1, dtype=torch.float64), torch.ones(1, dtype=torch.float64)
        return float(kl_normal(self.mean.unsqueeze(0), self.variance.unsqueeze(0), zero, one))

    def kl_to_posterior(self) -> float:
        """KL(q(z|x) || p(z|x)) on the grid, in nats."""
        log_q = self.log_q(self.grid)
        step = float(self.grid[1] - self.grid[0])
        return float((log_q.exp() * (log_q - self.log_posterior())).sum()) * step
