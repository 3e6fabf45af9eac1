"""The ELBO and the importance weights of every model with a Gaussian encoder, written once.

    log p(x) = log E_q[p(x|z) p(z) / q(z|x)]  >=  E_q[log p(x|z)] - KL(q(z|x) || p(z))

A model says what its q(z|x), its p(z) and its p(x|z) are; what follows from them stands here.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from models.blocks.distributions import kl_normal, log_normal, sample_gaussian, sample_in_chunks
from models.contract import ElboTerms, Gaussian, LatentDensity, NormalPrior

__all__ = ["GaussianEncoder", "StandardNormal"]


class GaussianEncoder(LatentDensity, ABC):
    """A density with q(z|x) = N(mean(x), diag(variance(x)))."""

    @abstractmethod
    def log_likelihood(
        self, x: Float[Tensor, "batch pixels"], z: Float[Tensor, "*samples batch z"]
    ) -> Float[Tensor, "*samples batch"]:
        """log p(x|z) in nats."""

    @abstractmethod
    def log_prior(self, z: Float[Tensor, "*rows z"]) -> Float[Tensor, "*rows"]:
        """log p(z) in nats."""

    def kl(self, q: Gaussian, z: Float[Tensor, "*rows z"]) -> Float[Tensor, "*rows"]:
        """KL(q || p) of each image, in nats; in closed form where there is one, and z then plays no part.

        Without one it is a single sample, log q(z) - log p(z), at the same z that is decoded.
        """
        return log_normal(z, *q) - self.log_prior(z)

    def elbo_terms(self, x: Float[Tensor, "batch pixels"], *, generator: torch.Generator | None = None) -> ElboTerms:
        """KL and one-sample reconstruction -log p(x|z) of each image, (batch,) each, in nats."""
        q = self.posterior(x)
        z = sample_gaussian(*q, generator)
        return ElboTerms(kl=self.kl(q, z), rec=-self.log_likelihood(x, z))

    def log_weights(
        self,
        x: Float[Tensor, "batch pixels"],
        m: int,
        *,
        generator: torch.Generator | None = None,
        chunk: int = 10,
    ) -> Iterator[Tensor]:
        """Log importance weights log p(x|z) + log p(z) - log q(z|x) of m draws z ~ q(z|x), in nats.

        Their log-mean-exp is the IWAE-m bound (Burda, Grosse & Salakhutdinov 2016, eq. 8). The images are
        encoded once and the noise is drawn sample by sample, so that one seed gives one value for every
        chunk size.

        Yields:
            Tensors (at most `chunk`, batch), m rows in all.

        Raises:
            ValueError: m or chunk is below 1.
        """
        q = self.posterior(x)
        for z in sample_in_chunks(*q, m, chunk, generator):
            yield self.log_likelihood(x, z) + self.log_prior(z) - log_normal(z, *q)


class StandardNormal(NormalPrior):
    """The prior N(0, I), for a model with a `config.z`: its buffers carry the homework's names, (1,) each."""

    config: Any
    z_prior_m: Tensor
    z_prior_v: Tensor

    def set_standard_normal(self: Any) -> None:
        """Register the prior's mean and variance; the constructor calls it once its networks are built."""
        self.register_buffer("z_prior_m", torch.zeros(1))
        self.register_buffer("z_prior_v", torch.ones(1))

    @classmethod
    def fault_in(cls, state: Mapping[str, Tensor]) -> str:
        """A variance of the prior that is none; see `Model.fault_in`."""
        least = float(state["z_prior_v"].min())
        if least >= torch.finfo(torch.float32).tiny:
            return ""
        return f"has {least:g} in z_prior_v, and the prior's variance must be above 0: leave it out, which means 1"

    def sample_z(
        self, count: int, *, temperature: float = 1.0, generator: torch.Generator | None = None
    ) -> Float[Tensor, "count z"]:
        """Codes from the prior with its standard deviation scaled by `temperature`."""
        shape = (count, self.config.z)
        return sample_gaussian(self.z_prior_m.expand(shape), (self.z_prior_v * temperature**2).expand(shape), generator)

    def prior_moments(self) -> Gaussian:
        """Mean and variance of each latent dimension under the prior, (z,) each."""
        return Gaussian(self.z_prior_m.expand(self.config.z), self.z_prior_v.expand(self.config.z))

    def log_prior(self, z: Float[Tensor, "*rows z"]) -> Float[Tensor, "*rows"]:
        """log N(z; 0, I) in nats."""
        return log_normal(z, self.z_prior_m, self.z_prior_v)

    def analytic_kl(self, q: Gaussian) -> Float[Tensor, "*rows"]:
        """KL(q || N(0, I)) in closed form (Kingma & Welling 2014, appendix B), in nats."""
        return kl_normal(*q, self.z_prior_m, self.z_prior_v)

    def kl_of_dimensions(self, q: Gaussian) -> Float[Tensor, "batch z"]:
        """The same of each latent dimension, in nats: they sum to the KL."""
        mean, variance = (value.unsqueeze(-1) for value in q)
        return kl_normal(mean, variance, self.z_prior_m, self.z_prior_v)
