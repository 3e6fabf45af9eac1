"""What the homework's models of binary images share: an encoder, a decoder, and pixels that are coin flips.

x_i ~ Bernoulli(sigmoid(dec(z)_i))        each pixel, once z is known
q(z | x) = N(mean(x), diag(variance(x)))  the encoder's guess of z from the image
"""

from abc import ABC, abstractmethod
from math import isqrt
from typing import Annotated

import torch
from jaxtyping import Float
from pydantic import Field, field_validator
from torch import Tensor, nn

from models.blocks.distributions import gaussian_parameters, log_bernoulli
from models.blocks.latent_variable import GaussianEncoder
from models.blocks.networks import MLP
from models.contract import Batch, Gaussian, Model, Objective, PlainDecoder
from models.family import ModelConfig

__all__ = ["BernoulliConfig", "BernoulliVAE", "Width"]

Width = Annotated[int, Field(ge=1, le=65_536)]


class BernoulliConfig(ModelConfig):
    """Sizes of a model of binary images. The defaults are the homework's."""

    hidden: tuple[Width, Width] = Field((300, 300), description="widths of both networks' hidden layers")
    pixels: int = Field(784, ge=1, le=65_536, description="pixels of one square image")

    @field_validator("pixels")
    @classmethod
    def _square(cls, pixels: int) -> int:
        if isqrt(pixels) ** 2 != pixels:
            raise ValueError("should be a square number, such as 784 = 28 x 28")
        return pixels


class BernoulliVAE(Model, GaussianEncoder, PlainDecoder, ABC):
    """A VAE with Bernoulli pixels; `build_prior` says which prior it has.

    Its networks carry the homework's names: `enc.net.*`, `dec.net.*`.
    """

    config: BernoulliConfig

    def __init__(self, config: BernoulliConfig) -> None:
        super().__init__()
        self.config, self.kl_weight = config, config.kl_weight
        self.enc = MLP((config.pixels, *config.hidden, 2 * config.z))
        self.dec = MLP((config.z, *config.hidden, config.pixels))
        self.build_prior()

    @abstractmethod
    def build_prior(self) -> None:
        """Add the prior's own parameters and buffers; the constructor calls it once, after both networks."""

    def posterior(self, x: Float[Tensor, "batch pixels"]) -> Gaussian:
        """q(z|x): mean and variance, (batch, z) each."""
        return Gaussian(*gaussian_parameters(self.enc(x)))

    def decode(self, z: Float[Tensor, "*rows z"]) -> Float[Tensor, "*rows pixels"]:
        """Pixel logits of p(x|z)."""
        logits: Tensor = self.dec(z)
        return logits

    def decoder_layers(self) -> nn.Sequential:
        """The layers of the decoder, from z to pixel logits."""
        return self.dec.net

    def log_likelihood(
        self, x: Float[Tensor, "batch pixels"], z: Float[Tensor, "*samples batch z"]
    ) -> Float[Tensor, "*samples batch"]:
        """log p(x|z) of independent Bernoulli pixels, in nats."""
        return log_bernoulli(x, self.decode(z))

    def decode_mean(self, latent: Float[Tensor, "*rows z"]) -> Float[Tensor, "*rows pixels"]:
        """The decoder mean E[x|z], values in 0..1."""
        return self.decode(latent).float().sigmoid()

    def encode(self, x: Float[Tensor, "batch pixels"]) -> Float[Tensor, "batch z"]:
        """The latent that stands for each image: its posterior's mean."""
        return self.posterior(x).mean

    def reconstruct(self, x: Float[Tensor, "batch pixels"]) -> Float[Tensor, "batch pixels"]:
        """The decoder mean at the posterior's mean."""
        return self.decode_mean(self.encode(x))

    def objective(self, batch: Batch, *, generator: torch.Generator | None = None) -> Objective:
        """Reconstruction + kl_weight * KL, batch mean, in nats; the NELBO reported is the plain one."""
        terms = self.elbo_terms(batch.x, generator=generator)
        return Objective(terms.weighted(self.kl_weight).mean(), terms.means())
