"""The beta-VAE (Higgins et al. 2017): the same model as the VAE, trained at another price of information.

Its loss is reconstruction + beta * KL. The NELBO it reports is always that of beta = 1, so that models trained at
different prices can be compared.
"""

import torch
from pydantic import Field

from models import latex
from models.family import Batch, Family, Objective, Preset, Shapes
from models.terms import KL, NELBO, REC
from models.vae import GRAPH, VAE, VAEConfig

__all__ = ["FAMILY", "BetaVAE", "BetaVAEConfig"]

SWEEP = (0.1, 0.25, 0.5, 2.0, 4.0, 8.0, 16.0)


class BetaVAEConfig(VAEConfig):
    """Sizes of the VAE, and the price of a nat of KL in its training."""

    beta: float = Field(
        4.0,
        ge=0,
        le=1000,
        title="KL weight, β",
        description="1 is the VAE. Above 1 the KL counts for more: codes say less, and images come out blurrier.",
    )


class BetaVAE(VAE):
    """A VAE whose training pays beta for each nat of KL."""

    config: BetaVAEConfig

    def __init__(self, config: BetaVAEConfig | None = None) -> None:
        super().__init__(config or BetaVAEConfig())

    def objective(self, batch: Batch, *, generator: torch.Generator | None = None) -> Objective:
        """Reconstruction + beta * KL, batch mean, in nats; the NELBO reported has beta = 1."""
        terms = self.elbo_terms(batch.x, generator=generator)
        return Objective((terms.rec + self.config.beta * terms.kl).mean(), terms.means())


def recognise(shapes: Shapes) -> None:
    """Nothing in a file's shapes tells a beta-VAE from a VAE: by them it is a VAE."""
    return


FAMILY = Family(
    name="beta-vae",
    title="beta-VAE",
    sentence="The same model, but its training weighs the KL, the nats that z carries, by β.",
    config=BetaVAEConfig,
    build=BetaVAE,
    recognise=recognise,
    presets=tuple(
        Preset(
            name=f"beta-{beta:g}",
            summary=f"The homework's VAE trained with the KL at {beta:g} times its price.",
            model=BetaVAEConfig(beta=beta),
            steps=20_000,
        )
        for beta in SWEEP
    ),
    graph=GRAPH,
    sampling=rf"{latex.NORMAL} \qquad {latex.BERNOULLI}",
    nelbo=latex.NELBO,
    loss=lambda config: latex.loss((1, latex.REC_IN_SHORT), (config.beta, latex.KL_IN_SHORT)),
    terms=(NELBO, KL, REC),
)
