"""What every model of p(x|y) on colour images shares: the digit y is given, and z is left with the style.

z ~ N(0, I)                           the style: colours, background, stroke, place
x_i ~ N(mean_i(z, y), variance)       each colour value, once style z and digit y are known
q(z | x, y) = N(mean, diag(variance)) the encoder's guess of the style, from the image and its digit
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from math import isqrt, log, pi
from typing import Literal, final

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from pydantic import Field, ValidationError, field_validator
from torch import Tensor

from models.blocks.distributions import gaussian_parameters
from models.blocks.latent_variable import GaussianEncoder, StandardNormal
from models.contract import Batch, Conditional, Gaussian, Objective
from models.description import latex
from models.description.graph import Graph, Node
from models.family import ModelConfig

__all__ = [
    "CHANNELS",
    "CONDITIONAL_NELBO",
    "GRAPH",
    "NELBO_OF_A_PAIR",
    "SAMPLING",
    "ConditionalConfig",
    "ConditionalVAE",
    "Given",
]

CHANNELS = 3
VARIANCE = "x_v"
GRAPH = Graph(
    nodes=(
        Node("z", 44, 50, "the style: never observed", "kl"),
        Node("y", 116, 50, "the digit: always observed", "kl_y", 1.0),
        Node("x", 80, 140, "the image: observed", "rec", 1.0),
    ),
    generates=(("z", "x"), ("y", "x")),
    infers=(("x", "z"), ("y", "z")),
)
SAMPLING = rf"{latex.NORMAL} \qquad y = 0, 1, \dots, 9 \qquad \mathbb{{E}}[x\mid z, y] = \mathrm{{dec}}(z, y)"
CONDITIONAL_NELBO = (
    r"\begin{aligned} \term{nelbo}{\mathrm{NELBO}(x, y)} \;=\;& "
    r"\term{rec}{-\mathbb{E}_{q(z\mid x,y)}\log p(x\mid z,y)} \\ "
    r"+\;& \term{kl}{\mathrm{KL}\bigl(q(z\mid x,y)\,\|\,p(z)\bigr)} \;\ge\; -\log p(x\mid y) \end{aligned}"
)
NELBO_OF_A_PAIR = r"\term{nelbo}{\mathbb{E}_{(x, y)}\,\mathrm{NELBO}(x, y)}"


class ConditionalConfig(ModelConfig):
    """What every model of p(x|y) on colour images has."""

    y: Literal[10] = Field(10, description="digits")
    pixels: int = Field(3072, ge=1, le=65_536, description="colour values of one square image, 3 a pixel")
    variance: float = Field(0.1, gt=0, le=10, description="of each colour value about the decoder's mean")

    @field_validator("pixels")
    @classmethod
    def _square(cls, pixels: int) -> int:
        if CHANNELS * isqrt(pixels // CHANNELS) ** 2 != pixels:
            raise ValueError("should be three times a square number, such as 3072 = 3 x 32 x 32")
        return pixels

    @property
    def label_classes(self) -> int:
        """How many labels the decoder can be given."""
        return self.y

    @property
    def likelihood(self) -> str:
        """What p(x|z, y) is, in words. A NELBO moves with the variance, whatever the model has learned."""
        return f"Gaussian colour values of variance {self.variance:g}"

    def free_numbers(self) -> dict[str, float]:
        """The variance, which some homework code keeps as the tensor `x_v`."""
        return {VARIANCE: self.variance}

    def with_numbers(self, numbers: Mapping[str, float]) -> ModelConfig:
        """The same with the variance that a file holds."""
        try:
            return self.model_validate(self.model_dump() | {"variance": numbers[VARIANCE]})
        except (KeyError, ValidationError):
            return self


class ConditionalVAE(StandardNormal, Conditional, ABC):
    """A VAE of p(x|y) with a standard normal prior and Gaussian colour values of one fixed variance.

    Its two networks are the subclass's: `infer` and `decode`.
    """

    config: ConditionalConfig

    @abstractmethod
    def infer(self, x: Float[Tensor, "batch pixels"], y: Float[Tensor, "batch y"]) -> Float[Tensor, "batch twice_z"]:
        """The encoder's output for images and one-hot digits: mean, then what becomes the variance."""

    @abstractmethod
    def decode(self, z: Float[Tensor, "*rows z"], y: Float[Tensor, "*rows y"]) -> Float[Tensor, "*rows pixels"]:
        """Means of the colour values, not clipped, of styles and one-hot digits."""

    def given(self, y: Int[Tensor, " batch"]) -> "Given":
        """The density p(x|y) of images whose digits are y."""
        return Given(self, y)

    def one_hot(self, y: Int[Tensor, " *rows"]) -> Float[Tensor, "*rows y"]:
        """Digits as float rows."""
        return F.one_hot(y, self.config.y).to(self.z_prior_m.dtype)

    def latents(self, z: Float[Tensor, "*rows z"], y: Int[Tensor, " *rows"]) -> Float[Tensor, "*rows latent"]:
        """Styles followed by one-hot digits: what `decode_mean` takes."""
        return torch.cat([z, self.one_hot(y)], -1)

    def decode_mean(self, latent: Float[Tensor, "*rows latent"]) -> Float[Tensor, "*rows pixels"]:
        """The decoder mean, clipped to 0..1, of styles followed by one-hot digits."""
        z, y = latent.split([self.config.z, self.config.y], -1)
        return self.decode(z, y).clamp(0, 1)

    def sample_style(
        self, count: int, *, temperature: float = 1.0, generator: torch.Generator | None = None
    ) -> Float[Tensor, "count z"]:
        """`count` styles from the prior with its standard deviation scaled by `temperature`."""
        return self.sample_z(count, temperature=temperature, generator=generator)

    def sample_prior(
        self, count: int, *, temperature: float = 1.0, generator: torch.Generator | None = None
    ) -> Float[Tensor, "count latent"]:
        """`count` styles followed by one-hot digits (count, z + y), digits uniform."""
        z = self.sample_style(count, temperature=temperature, generator=generator)
        return self.latents(z, torch.randint(self.config.y, (count,), generator=generator, device=z.device))

    def log_density(
        self, x: Float[Tensor, "batch pixels"], mean: Float[Tensor, "*samples batch pixels"]
    ) -> Float[Tensor, "*samples batch"]:
        """log N(x; mean, variance) of the colour values, in nats."""
        squares = F.mse_loss(mean, x.expand_as(mean), reduction="none").sum(-1)  # one kernel each way
        return -0.5 * (squares / self.config.variance + mean.shape[-1] * log(2 * pi * self.config.variance))

    def objective(self, batch: Batch, *, generator: torch.Generator | None = None) -> Objective:
        """Reconstruction + kl_weight * KL, batch mean, in nats; the NELBO reported is the plain one."""
        terms = self.given(batch.y).elbo_terms(batch.x, generator=generator)
        return Objective(terms.weighted(self.kl_weight).mean(), terms.means())


@final
class Given(GaussianEncoder):
    """p(x|y) of a conditional model, for images whose digits are y, int64 (batch,).

    The images that it is asked about are those digits', row by row.
    """

    def __init__(self, model: ConditionalVAE, y: Int[Tensor, " batch"]) -> None:
        self.model, self.y = model, y
        self._one_hot = model.one_hot(y)

    def posterior(self, x: Float[Tensor, "batch pixels"]) -> Gaussian:
        """q(z|x, y): mean and variance, (batch, z) each."""
        return Gaussian(*gaussian_parameters(self.model.infer(x, self._one_hot)))

    def log_likelihood(
        self, x: Float[Tensor, "batch pixels"], z: Float[Tensor, "*samples batch z"]
    ) -> Float[Tensor, "*samples batch"]:
        """log p(x|z, y) in nats."""
        return self.model.log_density(x, self.model.decode(z, self._one_hot.expand(*z.shape[:-1], -1)))

    def log_prior(self, z: Float[Tensor, "*rows z"]) -> Float[Tensor, "*rows"]:
        """log p(z) in nats: the style does not depend on the digit."""
        return self.model.log_prior(z)

    def kl(self, q: Gaussian, z: Float[Tensor, "*rows z"]) -> Float[Tensor, "*rows"]:
        """KL(q(z|x, y) || N(0, I)) of each image in closed form, in nats."""
        return self.model.analytic_kl(q)

    def encode(self, x: Float[Tensor, "batch pixels"]) -> Float[Tensor, "batch latent"]:
        """The latent that stands for each image: its posterior's mean and its digit, (batch, z + y)."""
        return self.model.latents(self.posterior(x).mean, self.y)

    def reconstruct(self, x: Float[Tensor, "batch pixels"]) -> Float[Tensor, "batch pixels"]:
        """The decoder mean at the posterior's mean and the image's own digit."""
        return self.model.decode_mean(self.encode(x))

    def kl_per_dimension(
        self, x: Float[Tensor, "batch pixels"], *, generator: torch.Generator | None = None
    ) -> Float[Tensor, "batch z"]:
        """KL of each latent dimension, in nats; the sum is the KL. No noise is drawn."""
        return self.model.kl_of_dimensions(self.posterior(x))
