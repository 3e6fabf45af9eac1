"""The VAE with a mixture of Gaussians as its prior (the homework's GMVAE).

    c ~ Uniform(1..k)                  one of k components
    z ~ N(mean_c, diag(variance_c))    its mean and variance are learned
    x_i ~ Bernoulli(sigmoid(dec(z)_i))

No closed form exists for KL(q(z|x) || p(z)): it is one Monte-Carlo sample, log q(z|x) - log p(z), of the same z that
is decoded.
"""

import math
from collections.abc import Mapping
from typing import final

import torch
from jaxtyping import Float
from pydantic import Field
from torch import Tensor, nn

from models.blocks.bernoulli import BernoulliConfig
from models.blocks.distributions import gaussian_parameters
from models.blocks.mixture_prior import MixtureVAE
from models.description import latex
from models.description.graph import Graph, Node
from models.description.terms import COMPONENTS, KL, NELBO, REC
from models.family import Family, Preset

__all__ = ["FAMILY", "GMVAE", "GMVAEConfig"]

EQUAL = 1e-3  # how far equal weights may lie apart, of the largest: a file may hold them in half precision


class GMVAEConfig(BernoulliConfig):
    """Sizes of a GMVAE. The defaults are the homework's: 671,404 trainable parameters."""

    k: int = Field(
        500,
        ge=1,
        le=65_536,
        title="Components k",
        description="Gaussians in the prior. The homework takes 500; with 1 the prior is one learned Gaussian.",
    )


@final
class GMVAE(MixtureVAE):
    """A VAE whose prior is a uniform mixture of k learned Gaussians.

    `z_pre` (1, 2k, z) holds the components: its first k rows are means, its last k rows become variances. The
    fixed weights `pi` (k) are kept for code that expects them; a file with others is refused.
    """

    config: GMVAEConfig
    pi: Tensor

    def build_prior(self) -> None:
        """Components near the origin, drawn from torch's default generator, and their fixed weights."""
        size, k = self.config.z, self.config.k
        z_pre = torch.empty(1, 2 * k, size)
        if not z_pre.is_meta:  # a normal draw without memory makes torch load seconds' worth of modules
            z_pre.normal_().div_(math.sqrt(k * size))
        self.z_pre = nn.Parameter(z_pre)
        self.register_buffer("pi", torch.full((k,), 1 / k))

    @classmethod
    def fault_in(cls, state: Mapping[str, Tensor]) -> str:
        """Weights of components that differ; see `Model.fault_in`."""
        least, most = float(state["pi"].min()), float(state["pi"].max())
        if most - least <= EQUAL * max(abs(least), abs(most)):
            return ""
        return (
            f"has component weights pi from {least:.2g} to {most:.2g}, and a GMVAE's prior here has equal ones, so the "
            "numbers would be another model's: train it with pi fixed at 1 / k"
        )

    def components(self) -> tuple[Float[Tensor, "k z"], Float[Tensor, "k z"]]:
        """Means and variances of the prior's components."""
        means, variances = gaussian_parameters(self.z_pre.squeeze(0), dim=0)
        return means, variances


FAMILY = Family(
    name="gmvae",
    title="GMVAE",
    sentence="z comes from one of 500 learned Gaussians c, not from one standard normal.",
    config=GMVAEConfig,
    model=GMVAE,
    presets=(
        Preset(
            name="gmvae",
            summary="The homework's GMVAE: a learned mixture of 500 Gaussians as the prior of 10 latent dimensions.",
            model=GMVAEConfig(),
            steps=20_000,
        ),
    ),
    graph=Graph(
        nodes=(
            Node("c", 28, 22, "which of 500 components: summed out", "nelbo"),
            Node("z", 80, 66, "the latent code: never observed", "kl"),
            Node("x", 80, 140, "the image: observed", "rec", 1.0),
        ),
        generates=(("c", "z"), ("z", "x")),
        infers=(("x", "z"),),
    ),
    sampling=r"c \sim \mathrm{Uniform}(1..k) \qquad z \sim \mathcal{N}(\mu_c, T^2 \Sigma_c) \qquad " + latex.BERNOULLI,
    nelbo=latex.NELBO,
    loss=lambda config: latex.loss((1.0, latex.REC_IN_SHORT), (1.0, latex.KL_IN_SHORT)),
    prior=(
        r"\begin{aligned}p(z) \;=\;& \frac1k\sum_{c=1}^{k}"
        r"\mathcal{N}\bigl(z;\,\mu_c,\,\mathrm{diag}(\sigma_c^2)\bigr) \\ "
        r"\term{kl}{\mathrm{KL}} \;\approx\;& "
        r"\term{kl}{\log q(z\mid x) - \log p(z)},\quad z\sim q(z\mid x)\end{aligned}"
    ),
    terms=(NELBO, KL, REC, COMPONENTS),
)
