"""The beta-VAE (Higgins et al. 2017): the VAE's model, trained with another weight of the KL.

Its loss is reconstruction + beta * KL. The NELBO it reports is always that of beta = 1, so that models trained under
different weights can be compared.
"""

from typing import final

from pydantic import Field

from models.blocks.bernoulli import BernoulliConfig
from models.blocks.normal_prior import GRAPH, StandardNormalVAE
from models.description import latex
from models.description.terms import KL, NELBO, REC
from models.family import Family, Preset

__all__ = ["FAMILY", "BetaVAE", "BetaVAEConfig"]

SWEEP = (0.1, 0.25, 0.5, 2.0, 4.0, 8.0, 16.0)


class BetaVAEConfig(BernoulliConfig):
    """Sizes of the VAE, and the weight of the KL in its training."""

    beta: float = Field(
        4.0,
        ge=0,
        le=1000,
        title="KL weight, β",
        description="1 is the VAE. Above 1 the KL counts for more: codes say less, and reconstructions get blurrier.",
    )

    @property
    def kl_weight(self) -> float:
        return self.beta


@final
class BetaVAE(StandardNormalVAE):
    """A VAE whose training starts with KL weight beta; a file's tensors are those of a VAE."""

    config: BetaVAEConfig


FAMILY = Family(
    name="beta-vae",
    title="beta-VAE",
    sentence="The same model, trained with another weight β of the KL.",
    config=BetaVAEConfig,
    model=BetaVAE,
    presets=tuple(
        Preset(
            name=f"beta-{beta:g}",
            summary=f"The homework's VAE trained with KL weight β = {beta:g}.",
            model=BetaVAEConfig(beta=beta),
            steps=20_000,
        )
        for beta in SWEEP
    ),
    graph=GRAPH,
    sampling=rf"{latex.NORMAL} \qquad {latex.BERNOULLI}",
    nelbo=latex.NELBO,
    loss=lambda config: latex.loss((1.0, latex.REC_IN_SHORT), (config.beta, latex.KL_IN_SHORT)),
    terms=(NELBO, KL, REC),
)
