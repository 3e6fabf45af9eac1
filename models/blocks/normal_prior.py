"""The homework's VAE of binary images under a standard normal prior: what the VAE and the beta-VAE share."""

from abc import ABC

import torch
from jaxtyping import Float
from torch import Tensor

from models.blocks.bernoulli import BernoulliVAE
from models.blocks.latent_variable import StandardNormal
from models.contract import Gaussian
from models.description.graph import Graph, Node

__all__ = ["GRAPH", "StandardNormalVAE"]

GRAPH = Graph(
    nodes=(
        Node("z", 80, 60, "the latent code: never observed", "kl"),
        Node("x", 80, 140, "the image: observed", "rec", 1.0),
    ),
    generates=(("z", "x"),),
    infers=(("x", "z"),),
)


class StandardNormalVAE(StandardNormal, BernoulliVAE, ABC):
    """p(z) = N(0, I), and its KL in closed form."""

    def build_prior(self) -> None:
        """Two fixed buffers."""
        self.set_standard_normal()

    def kl(self, q: Gaussian, z: Float[Tensor, "*rows z"]) -> Float[Tensor, "*rows"]:
        """KL(q(z|x) || N(0, I)) of each image in closed form, in nats."""
        return self.analytic_kl(q)

    def kl_per_dimension(
        self, x: Float[Tensor, "batch pixels"], *, generator: torch.Generator | None = None
    ) -> Float[Tensor, "batch z"]:
        """KL of each latent dimension, in nats; the sum is the KL. No noise is drawn."""
        return self.kl_of_dimensions(self.posterior(x))

    def sample_prior(
        self, count: int, *, temperature: float = 1.0, generator: torch.Generator | None = None
    ) -> Float[Tensor, "count z"]:
        """`count` codes from the prior with its standard deviation scaled by `temperature`."""
        return self.sample_z(count, temperature=temperature, generator=generator)
