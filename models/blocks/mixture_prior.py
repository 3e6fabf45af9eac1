"""VAEs of binary images whose prior is a mixture of k Gaussians: all that follows from `components()`."""

from abc import ABC

import torch
from jaxtyping import Float
from torch import Tensor

from models.blocks.bernoulli import BernoulliVAE
from models.blocks.distributions import component_log_densities, log_normal, log_normal_mixture, sample_gaussian
from models.contract import Batch, Gaussian, Mixture

__all__ = ["MixtureVAE"]


class MixtureVAE(BernoulliVAE, Mixture, ABC):
    """p(z) is the mean of k Gaussians. No closed form of the KL exists: it is one sample of it."""

    def prior_moments(self) -> Gaussian:
        """Mean and variance of each latent dimension under the whole mixture: (z,) each."""
        means, variances = self.components()
        return Gaussian(means.mean(0), variances.mean(0) + means.var(0, correction=0))

    def log_prior(self, z: Float[Tensor, "*rows z"]) -> Float[Tensor, "*rows"]:
        """log p(z) in nats."""
        return log_normal_mixture(z, *self.components())

    def sample_prior(
        self, count: int, *, temperature: float = 1.0, generator: torch.Generator | None = None
    ) -> Float[Tensor, "count z"]:
        """`count` codes: a component each, then its Gaussian with its standard deviation scaled by `temperature`."""
        means, variances = self.components()
        chosen = torch.randint(len(means), (count,), generator=generator, device=means.device)
        return sample_gaussian(means[chosen], variances[chosen] * temperature**2, generator)

    def kl_per_dimension(
        self, x: Float[Tensor, "batch pixels"], *, generator: torch.Generator | None = None
    ) -> Float[Tensor, "batch z"]:
        """KL of each latent dimension by itself, in nats: one-sample estimates.

        Each dimension is compared with its own marginal of the prior, a mixture of k Gaussians of one dimension.
        The mixture's dimensions depend on each other, so the sum is not the KL.
        """
        q = self.posterior(x)
        z = sample_gaussian(*q, generator).unsqueeze(-1)
        own = log_normal(z, *(value.unsqueeze(-1) for value in q))
        means, variances = (value.T.unsqueeze(-1) for value in self.components())
        prior = [log_normal_mixture(z[:, j], means[j], variances[j]) for j in range(len(means))]
        return own - torch.stack(prior, -1)

    def responsibilities(self, x: Float[Tensor, "batch pixels"]) -> Float[Tensor, "batch k"]:
        """p(c|z) of each component c at the posterior's mean; rows sum to 1."""
        return component_log_densities(self.posterior(x).mean, *self.components()).softmax(-1)

    def diagnose(self, held_out: Batch) -> dict[str, float]:
        """How many components explain at least one of the images best, by responsibility at the posterior's mean."""
        return {"components": float(len(self.responsibilities(held_out.x).argmax(-1).unique()))}
