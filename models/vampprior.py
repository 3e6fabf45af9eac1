"""The VAE with a VampPrior (Tomczak & Welling 2018): a mixture of the encoder's own posteriors at learned inputs.

    c ~ Uniform(1..k)                               one of k pseudo-inputs u_c, images that are learned with the rest
    z ~ q(z | u_c)                                  the encoder's posterior at that pseudo-input
    x_i ~ Bernoulli(sigmoid(dec(z)_i))

The prior that maximises the ELBO is the aggregate posterior, the mean of q(z|x) over all training images; this is that
mean over k images that need not exist. No closed form of KL(q(z|x) || p(z)) exists: it is one Monte-Carlo sample of the
same z that is decoded.
"""

from typing import final

import torch
from jaxtyping import Float
from pydantic import Field
from torch import Tensor, nn

from models.blocks.bernoulli import BernoulliConfig
from models.blocks.mixture_prior import MixtureVAE
from models.description import latex
from models.description.graph import Graph, Node
from models.description.terms import COMPONENTS, KL, NELBO, REC
from models.family import Family, Preset

__all__ = ["FAMILY", "VampPriorConfig", "VampPriorVAE"]

START, SPREAD = (
    0.05,
    0.01,
)  # of the first pseudo-inputs: dark, as most of a digit is, none quite like another


class VampPriorConfig(BernoulliConfig):
    """Sizes of a VAE with a VampPrior: the homework's VAE and 500 pseudo-inputs."""

    k: int = Field(
        500,
        ge=1,
        le=65_536,
        title="Pseudo-inputs k",
        description="Learned images: their posteriors are the prior's components. With 1 the prior is one Gaussian.",
    )


@final
class VampPriorVAE(MixtureVAE):
    """A VAE whose prior is the mean of q(z|u) over k learned pseudo-inputs u.

    `pseudo_inputs` (k, pixels) are free parameters; what the encoder is shown is cut to 0..1 (a hard tanh, as in the
    authors' code).
    """

    config: VampPriorConfig

    def build_prior(self) -> None:
        """Dark pseudo-inputs, drawn from torch's default generator."""
        inputs = torch.empty(self.config.k, self.config.pixels)
        if not inputs.is_meta:  # a normal draw without memory makes torch load seconds' worth of modules
            inputs.normal_(START, SPREAD)
        self.pseudo_inputs = nn.Parameter(inputs)

    def components(self) -> tuple[Float[Tensor, "k z"], Float[Tensor, "k z"]]:
        """Means and variances of q(z|u) at every pseudo-input u."""
        mean, variance = self.posterior(self.pseudo_inputs.clamp(0, 1))
        return mean, variance


FAMILY = Family(
    name="vampprior",
    title="VampPrior VAE",
    sentence="The prior of z is the mean of the encoder's posteriors at 500 learned pseudo-inputs u.",
    model=VampPriorVAE,
    config=VampPriorConfig,
    presets=(
        Preset(
            name="vampprior",
            summary="The homework's VAE with a VampPrior: 500 learned pseudo-inputs give the prior.",
            model=VampPriorConfig(),
            steps=20_000,
        ),
    ),
    graph=Graph(
        nodes=(
            Node("c", 28, 22, "which of 500 pseudo-inputs: summed out", "nelbo"),
            Node("z", 80, 66, "the latent code: never observed", "kl"),
            Node("x", 80, 140, "the image: observed", "rec", 1.0),
        ),
        generates=(("c", "z"), ("z", "x")),
        infers=(("x", "z"),),
    ),
    sampling=(
        r"c \sim \mathrm{Uniform}(1..k) \qquad z \sim \mathcal{N}\bigl(\mu(u_c), T^2 \Sigma(u_c)\bigr) \qquad "
        + latex.BERNOULLI
    ),
    nelbo=latex.NELBO,
    loss=lambda config: latex.loss((1, latex.REC_IN_SHORT), (1, latex.KL_IN_SHORT)),
    prior=(
        r"\begin{aligned}p(z) \;=\;& \frac1k\sum_{c=1}^{k} q(z\mid u_c) \\ "
        r"\term{kl}{\mathrm{KL}} \;\approx\;& "
        r"\term{kl}{\log q(z\mid x) - \log p(z)},\quad z\sim q(z\mid x)\end{aligned}"
    ),
    terms=(NELBO, KL, REC, COMPONENTS),
)
