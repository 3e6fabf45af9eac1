"""The fully supervised VAE of the homework: SVHN's digits drawn to order, in any style.

    z ~ N(0, I)                           the style: colours, background, stroke, place
    x_i ~ N(mean_i(z, y), variance)       each colour value, once style z and digit y are known
    q(z | x, y) = N(mean, diag(variance)) the encoder's guess of the style, from the image and its digit

The digit y is always told, so the model is a p(x|y) and its bounds are on log p(x|y). What y tells need not be in z:
a decoder that listens to y redraws the digit of an image in its own style.

The negative ELBO of one image is KL(q(z|x,y) || p(z)) in closed form plus one sample of -log p(x|z,y). That is
||x - mean||^2 / (2 variance) plus a constant, -713.8 nats for 3,072 values of variance 0.1: so it is often negative.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from math import isqrt, log, pi
from typing import ClassVar, Literal

import torch
import torch.nn.functional as F
from pydantic import Field, field_validator
from torch import Tensor, nn

from models import latex
from models.distributions import (
    at_least_float32,
    gaussian_parameters,
    kl_normal,
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
from models.vae import Gaussian, Width

__all__ = ["FAMILY", "FSVAE", "ConditionalConfig", "ConditionalVAE", "FSVAEConfig"]

CHANNELS = 3


class ConditionalConfig(ModelConfig):
    """What every model of p(x|y) on colour images has."""

    z: SizeOfZ = 10
    y: Literal[10] = Field(10, description="digits")
    pixels: int = Field(3072, ge=1, le=65_536, description="colour values of one square image, 3 a pixel")
    variance: float = Field(0.1, gt=0, le=10, description="of each colour value about the decoder's mean")

    @field_validator("pixels")
    @classmethod
    def _square(cls, pixels: int) -> int:
        if CHANNELS * isqrt(pixels // CHANNELS) ** 2 != pixels:
            raise ValueError("should be three times a square number, such as 3072 = 3 x 32 x 32")
        return pixels


class FSVAEConfig(ConditionalConfig):
    """Sizes of an FSVAE. The defaults are the homework's: 3,602,092 trainable parameters."""

    hidden: tuple[Width, Width] = Field((500, 500), description="widths of both networks' hidden layers")


class ConditionalVAE(nn.Module, ABC):
    """A VAE of p(x|y) with a standard normal prior and Gaussian colour values of one fixed variance.

    Its two networks are the subclass's: `infer` and `decode`.
    """

    uses_labels: ClassVar[bool] = False
    conditional: ClassVar[bool] = True
    config: ConditionalConfig
    z_prior_m: Tensor
    z_prior_v: Tensor

    @abstractmethod
    def infer(self, x: Tensor, y: Tensor) -> Tensor:
        """The encoder's output: images (batch, pixels) and one-hot digits (batch, y) -> (batch, 2z)."""

    @abstractmethod
    def decode(self, z: Tensor, y: Tensor) -> Tensor:
        """Means of the colour values, not clipped: styles (..., z) and one-hot digits (..., y) -> (..., pixels)."""

    def one_hot(self, y: Tensor) -> Tensor:
        """Digits, int64 (...), as float rows (..., y)."""
        return F.one_hot(y, self.config.y).to(self.z_prior_m.dtype)

    def posterior(self, x: Tensor, y: Tensor | None = None) -> Gaussian:
        """q(z|x, y) for images (batch, pixels) and their digits (batch,).

        Raises:
            ValueError: the digits are missing.
        """
        return Gaussian(*gaussian_parameters(self.infer(x, self.one_hot(_told(y)))))

    def latents(self, z: Tensor, y: Tensor) -> Tensor:
        """Styles (..., z) followed by one-hot digits, from digits int64 (...): what `decode_mean` takes."""
        return torch.cat([z, self.one_hot(y)], -1)

    def encode(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """The latent that stands for each image: its posterior's mean and its digit, (batch, z + y)."""
        return self.latents(self.posterior(x, y).mean, _told(y))

    def decode_mean(self, latent: Tensor) -> Tensor:
        """The mean image, clipped to 0..1, of styles followed by one-hot digits: (..., z + y) -> (..., pixels)."""
        z, y = latent.split([self.config.z, self.config.y], -1)
        return self.decode(z, y).clamp(0, 1)

    def reconstruct(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """The mean image at the posterior's mean: images (batch, pixels), digits (batch,) -> (batch, pixels)."""
        return self.decode_mean(self.encode(x, y))

    def kl_per_dimension(
        self, x: Tensor, y: Tensor | None = None, *, generator: torch.Generator | None = None
    ) -> Tensor:
        """What each latent dimension costs, in nats: (batch, pixels), (batch,) -> (batch, z); the sum is the KL."""
        mean, variance = (value.unsqueeze(-1) for value in self.posterior(x, y))
        return kl_normal(mean, variance, self.z_prior_m, self.z_prior_v)

    def sample_style(self, count: int, *, temperature: float = 1.0, generator: torch.Generator | None = None) -> Tensor:
        """`count` styles (count, z) from the prior with its standard deviation scaled by `temperature`."""
        shape = (count, self.config.z)
        return sample_gaussian(self.z_prior_m.expand(shape), (self.z_prior_v * temperature**2).expand(shape), generator)

    def sample_prior(self, count: int, *, temperature: float = 1.0, generator: torch.Generator | None = None) -> Tensor:
        """`count` styles followed by one-hot digits (count, z + y), digits uniform."""
        z = self.sample_style(count, temperature=temperature, generator=generator)
        return self.latents(z, torch.randint(self.config.y, (count,), generator=generator, device=z.device))

    def prior_moments(self) -> Gaussian:
        """Mean and variance of each dimension of z under the prior: (z,) each."""
        return Gaussian(self.z_prior_m.expand(self.config.z), self.z_prior_v.expand(self.config.z))

    def elbo_terms(self, x: Tensor, y: Tensor | None = None, *, generator: torch.Generator | None = None) -> ElboTerms:
        """KL and one-sample reconstruction of each image, in nats: (batch, pixels), (batch,) -> (batch,) each.

        Raises:
            ValueError: the digits are missing.
        """
        q = self.posterior(x, y)
        z = sample_gaussian(*q, generator)
        return ElboTerms(
            kl=kl_normal(*q, self.z_prior_m, self.z_prior_v),
            rec=-self.log_likelihood(x, self.decode(z, self.one_hot(_told(y)))),
        )

    def log_likelihood(self, x: Tensor, mean: Tensor) -> Tensor:
        """log N(x; mean, variance), summed over the last axis, in nats."""
        squares = F.mse_loss(mean, x.expand_as(mean), reduction="none").sum(-1)  # one kernel each way
        return -0.5 * (squares / self.config.variance + mean.shape[-1] * log(2 * pi * self.config.variance))

    def objective(self, batch: Batch, *, generator: torch.Generator | None = None) -> Objective:
        """What training minimises: the batch mean of the NELBO, in nats."""
        terms = self.elbo_terms(batch.x, batch.y, generator=generator)
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
        """Log importance weights log p(x|z,y) + log p(z) - log q(z|x,y) of m draws z ~ q(z|x,y), in nats.

        Their log-mean-exp bounds log p(x|y) from below; see `VAE.log_weights`.

        Yields:
            Tensors (at most `chunk`, batch), m rows in all.

        Raises:
            ValueError: m or chunk is below 1, or the digits are missing.
        """
        q = self.posterior(x, y)
        told = self.one_hot(_told(y))
        for z in sample_in_chunks(*q, m, chunk, generator):
            mean = self.decode(z, told.expand(*z.shape[:-1], -1))
            log_prior = log_normal(z, self.z_prior_m, self.z_prior_v)
            yield self.log_likelihood(x, mean) + log_prior - log_normal(z, *q)

    def _set_prior(self) -> None:
        self.register_buffer("z_prior_m", torch.zeros(1))
        self.register_buffer("z_prior_v", torch.ones(1))


class FSVAE(ConditionalVAE):
    """The homework's FSVAE: two multi-layer perceptrons, the one-hot digit appended to what each of them takes.

    Parameters and buffers carry the homework's names: `enc.net.*`, `dec.net.*`, `z_prior_m`, `z_prior_v`.
    """

    config: FSVAEConfig

    def __init__(self, config: FSVAEConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or FSVAEConfig()
        self.enc = MLP((config.pixels + config.y, *config.hidden, 2 * config.z))
        self.dec = MLP((config.z + config.y, *config.hidden, config.pixels))
        self._set_prior()

    def infer(self, x: Tensor, y: Tensor) -> Tensor:
        output: Tensor = self.enc(torch.cat([x, y], -1))
        return output

    def decode(self, z: Tensor, y: Tensor) -> Tensor:
        return at_least_float32(self.dec(torch.cat([z, y], -1)))


def _told(y: Tensor | None) -> Tensor:
    if y is None:
        raise ValueError("This model draws a digit that it is told: the images' digits must come with them.")
    return y


def recognise(shapes: Shapes) -> FSVAEConfig | None:
    """Read z and the hidden sizes from a state_dict's shapes; see `Family.recognise`.

    What tells it from a VAE: its encoder takes more than the decoder gives, by a one-hot label.
    """
    labels = label_inputs(shapes)
    if not labels or any(name.startswith("cls.") or name == "z_pre" for name in shapes):
        return None
    first, inputs = matrix_shape(shapes, "enc.net.0.weight")
    second, _ = matrix_shape(shapes, "enc.net.2.weight")
    outputs, _ = matrix_shape(shapes, "enc.net.4.weight")
    _, latents = matrix_shape(shapes, "dec.net.0.weight")
    if outputs != 2 * (latents - labels):
        raise ValueError(
            f"The encoder is told {labels} labels and gives {outputs} numbers, and the decoder takes {latents}: the "
            "decoder must take as many means as the encoder gives, and the same labels."
        )
    return FSVAEConfig.model_validate(
        {"z": outputs // 2, "y": labels, "hidden": (first, second), "pixels": inputs - labels}
    )


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
FAMILY = Family(
    name="fsvae",
    title="FSVAE",
    sentence="On house numbers with every digit y known, z is left with the style.",
    config=FSVAEConfig,
    build=FSVAE,
    recognise=recognise,
    presets=(
        Preset(
            name="fsvae",
            summary="The homework's FSVAE on SVHN: the digit is told, 10 latent dimensions hold the style.",
            model=FSVAEConfig(),
            steps=75_000,
        ),
    ),
    graph=GRAPH,
    sampling=SAMPLING,
    nelbo=CONDITIONAL_NELBO,
    loss=lambda config: latex.loss((1, NELBO_OF_A_PAIR)),
    terms=(NELBO, KL, REC),
    images="colour",
)
