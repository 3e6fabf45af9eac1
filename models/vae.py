"""The variational autoencoder (Kingma & Welling 2014) of the homework, on binary images.

    z ~ N(0, I)                               what the digit is like: a few numbers
    x_i ~ Bernoulli(sigmoid(dec(z)_i))        each pixel, once z is known
    q(z | x) = N(mean(x), diag(variance(x)))  the encoder's guess of z from the image

The negative ELBO of one image is KL(q(z|x) || p(z)) in closed form plus one sample of -log p(x|z).
"""

from collections.abc import Iterator
from math import isqrt
from typing import Annotated, ClassVar, NamedTuple

import torch
from pydantic import Field, field_validator
from torch import Tensor, nn

from models import latex
from models.distributions import (
    gaussian_parameters,
    kl_normal,
    log_bernoulli,
    log_normal,
    sample_gaussian,
    sample_in_chunks,
)
from models.family import (
    Batch,
    ElboTerms,
    Family,
    ModelConfig,
    Objective,
    Preset,
    Shapes,
    SizeOfZ,
    label_inputs,
    matrix_shape,
)
from models.graph import Graph, Node
from models.networks import MLP
from models.terms import KL, NELBO, REC

__all__ = ["FAMILY", "VAE", "Gaussian", "VAEConfig"]

Width = Annotated[int, Field(ge=1, le=65_536)]


class VAEConfig(ModelConfig):
    """Sizes of a VAE. The defaults are the homework's: 661,404 trainable parameters."""

    z: SizeOfZ = 10
    hidden: tuple[Width, Width] = Field((300, 300), description="widths of both networks' hidden layers")
    pixels: int = Field(784, ge=1, le=65_536, description="pixels of one square image")

    @field_validator("pixels")
    @classmethod
    def _square(cls, pixels: int) -> int:
        if isqrt(pixels) ** 2 != pixels:
            raise ValueError("should be a square number, such as 784 = 28 x 28")
        return pixels


class Gaussian(NamedTuple):
    """A diagonal Gaussian for each image: (batch, z) each; `variance` is a variance."""

    mean: Tensor
    variance: Tensor


class VAE(nn.Module):
    """A VAE with a standard normal prior and Bernoulli pixels.

    Parameters and buffers carry the homework's names: `enc.net.*`, `dec.net.*`, `z_prior_m`, `z_prior_v`.
    """

    uses_labels: ClassVar[bool] = False
    conditional: ClassVar[bool] = False
    z_prior_m: Tensor
    z_prior_v: Tensor

    def __init__(self, config: VAEConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or VAEConfig()
        self.enc = MLP((config.pixels, *config.hidden, 2 * config.z))
        self.dec = MLP((config.z, *config.hidden, config.pixels))
        self.register_buffer("z_prior_m", torch.zeros(1))
        self.register_buffer("z_prior_v", torch.ones(1))

    def posterior(self, x: Tensor, y: Tensor | None = None) -> Gaussian:
        """q(z|x) for images (batch, pixels)."""
        return Gaussian(*gaussian_parameters(self.enc(x)))

    def decode(self, z: Tensor) -> Tensor:
        """Pixel logits of p(x|z): (..., z) -> (..., pixels)."""
        logits: Tensor = self.dec(z)
        return logits

    def decode_mean(self, z: Tensor) -> Tensor:
        """The mean image E[x|z], values in 0..1: (..., z) -> (..., pixels)."""
        return self.decode(z).float().sigmoid()

    def encode(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """The latent that stands for each image, its posterior's mean: (batch, pixels) -> (batch, z)."""
        return self.posterior(x).mean

    def reconstruct(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """The mean image at the posterior's mean: (batch, pixels) -> (batch, pixels)."""
        return self.decode_mean(self.encode(x))

    def kl_per_dimension(
        self, x: Tensor, y: Tensor | None = None, *, generator: torch.Generator | None = None
    ) -> Tensor:
        """What each latent dimension costs, in nats: (batch, pixels) -> (batch, z); the sum is the KL."""
        mean, variance = (value.unsqueeze(-1) for value in self.posterior(x))
        return kl_normal(mean, variance, self.z_prior_m, self.z_prior_v)

    def sample_prior(self, count: int, *, temperature: float = 1.0, generator: torch.Generator | None = None) -> Tensor:
        """`count` latents (count, z) from the prior with its standard deviation scaled by `temperature`."""
        shape = (count, self.config.z)
        return sample_gaussian(self.z_prior_m.expand(shape), (self.z_prior_v * temperature**2).expand(shape), generator)

    def prior_moments(self) -> Gaussian:
        """Mean and variance of each latent dimension under the prior: (z,) each."""
        return Gaussian(self.z_prior_m.expand(self.config.z), self.z_prior_v.expand(self.config.z))

    def log_prior(self, z: Tensor) -> Tensor:
        """log p(z) in nats: (..., z) -> (...)."""
        return log_normal(z, self.z_prior_m, self.z_prior_v)

    def elbo_terms(self, x: Tensor, y: Tensor | None = None, *, generator: torch.Generator | None = None) -> ElboTerms:
        """KL and one-sample reconstruction of each image, in nats: (batch, pixels) -> (batch,) each."""
        q = self.posterior(x)
        z = sample_gaussian(*q, generator)
        return ElboTerms(
            kl=kl_normal(*q, self.z_prior_m, self.z_prior_v),
            rec=-log_bernoulli(x, self.decode(z)),
        )

    def objective(self, batch: Batch, *, generator: torch.Generator | None = None) -> Objective:
        """What training minimises: the batch mean of the NELBO, in nats."""
        terms = self.elbo_terms(batch.x, generator=generator)
        return Objective(terms.nelbo.mean(), terms.means())

    def diagnose(self, x: Tensor, y: Tensor) -> dict[str, float]:
        """What else is worth watching on held-out images (batch, pixels) with digits (batch,): nothing here."""
        return {}

    def log_weights(
        self,
        x: Tensor,
        m: int,
        y: Tensor | None = None,
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
            yield log_bernoulli(x, self.decode(z)) + self.log_prior(z) - log_normal(z, *q)


def recognise(shapes: Shapes) -> VAEConfig | None:
    """Read z and the hidden sizes from a state_dict's shapes; see `Family.recognise`."""
    if "enc.net.0.weight" not in shapes or "dec.net.0.weight" not in shapes:
        return None
    if any(name.startswith("cls.") or name == "z_pre" for name in shapes) or label_inputs(shapes):
        return None
    first, pixels = matrix_shape(shapes, "enc.net.0.weight")
    second, _ = matrix_shape(shapes, "enc.net.2.weight")
    outputs, _ = matrix_shape(shapes, "enc.net.4.weight")
    _, z = matrix_shape(shapes, "dec.net.0.weight")
    if outputs != 2 * z:
        raise ValueError(
            f"The encoder gives {outputs} numbers and the decoder takes {z}: the encoder must give a mean and "
            f"a variance for each latent dimension, {2 * z} numbers."
        )
    return VAEConfig(z=z, hidden=(first, second), pixels=pixels)


GRAPH = Graph(
    nodes=(
        Node("z", 80, 60, "the latent code: never observed", "kl"),
        Node("x", 80, 140, "the image: observed", "rec", 1.0),
    ),
    generates=(("z", "x"),),
    infers=(("x", "z"),),
)
FAMILY = Family(
    name="vae",
    title="VAE",
    sentence="A code z of ten numbers makes an image x; the encoder guesses z back.",
    config=VAEConfig,
    build=VAE,
    recognise=recognise,
    presets=(
        Preset(
            name="vae",
            summary="The homework's VAE: 10 latent dimensions, a standard normal prior, Bernoulli pixels.",
            model=VAEConfig(),
            steps=20_000,
            shipped_seed=1,
        ),
    ),
    graph=GRAPH,
    sampling=rf"{latex.NORMAL} \qquad {latex.BERNOULLI}",
    nelbo=latex.NELBO,
    loss=lambda config: latex.loss((1, latex.REC_IN_SHORT), (1, latex.KL_IN_SHORT)),
    terms=(NELBO, KL, REC),
)
