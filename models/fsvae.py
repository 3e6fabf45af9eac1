"""The fully supervised VAE of the homework: SVHN's digits, each drawn in any style.

    z ~ N(0, I)                           the style: colours, background, stroke, place
    x_i ~ N(mean_i(z, y), variance)       each colour value, once style z and digit y are known
    q(z | x, y) = N(mean, diag(variance)) the encoder's guess of the style, from the image and its digit

The digit y is always given, so the model is a p(x|y) and its bounds are on log p(x|y). What y says need not be in z:
a decoder that uses y redraws the digit of an image in its own style.

The negative ELBO of one image is KL(q(z|x,y) || p(z)) in closed form plus one sample of -log p(x|z,y). That is
||x - mean||^2 / (2 variance) plus a constant, -713.8 nats for 3,072 values of variance 0.1: so it is often negative.
"""

from typing import final

import torch
from jaxtyping import Float
from pydantic import Field
from torch import Tensor

from models.blocks.bernoulli import Width
from models.blocks.conditional import (
    CONDITIONAL_NELBO,
    GRAPH,
    NELBO_OF_A_PAIR,
    SAMPLING,
    ConditionalConfig,
    ConditionalVAE,
)
from models.blocks.distributions import at_least_float32
from models.blocks.networks import MLP
from models.description import latex
from models.description.terms import KL, NELBO, REC
from models.family import Family, Preset

__all__ = ["FAMILY", "FSVAE", "FSVAEConfig"]


class FSVAEConfig(ConditionalConfig):
    """Sizes of an FSVAE. The defaults are the homework's: 3,602,092 trainable parameters."""

    hidden: tuple[Width, Width] = Field((500, 500), description="widths of both networks' hidden layers")


@final
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
        self.set_standard_normal()

    def infer(self, x: Float[Tensor, "batch pixels"], y: Float[Tensor, "batch y"]) -> Float[Tensor, "batch twice_z"]:
        """The encoder's output for images and one-hot digits."""
        output: Tensor = self.enc(torch.cat([x, y], -1))
        return output

    def decode(self, z: Float[Tensor, "*rows z"], y: Float[Tensor, "*rows y"]) -> Float[Tensor, "*rows pixels"]:
        """Means of the colour values, not clipped, of styles and one-hot digits."""
        return at_least_float32(self.dec(torch.cat([z, y], -1)))


FAMILY = Family(
    name="fsvae",
    title="FSVAE",
    sentence="On house numbers with every digit y known, z is left with the style.",
    config=FSVAEConfig,
    model=FSVAE,
    presets=(
        Preset(
            name="fsvae",
            summary="The homework's FSVAE on SVHN: the digit is given, 10 latent dimensions hold the style.",
            model=FSVAEConfig(),
            steps=75_000,
        ),
    ),
    graph=GRAPH,
    sampling=SAMPLING,
    nelbo=CONDITIONAL_NELBO,
    loss=lambda config: latex.loss((1.0, NELBO_OF_A_PAIR)),
    terms=(NELBO, KL, REC),
    images="colour",
)
