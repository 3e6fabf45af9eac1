"""The variational autoencoder (Kingma & Welling 2014) of the homework, on binary images.

    z ~ N(0, I)                               what the image is like: a few numbers
    x_i ~ Bernoulli(sigmoid(dec(z)_i))        each pixel, once z is known
    q(z | x) = N(mean(x), diag(variance(x)))  the encoder's guess of z from the image

The negative ELBO of one image is KL(q(z|x) || p(z)) in closed form plus one sample of -log p(x|z).
"""

from typing import final

from models.blocks.bernoulli import BernoulliConfig
from models.blocks.normal_prior import GRAPH, StandardNormalVAE
from models.description import latex
from models.description.terms import KL, NELBO, REC
from models.family import Family, Preset

__all__ = ["FAMILY", "VAE", "VAEConfig"]


class VAEConfig(BernoulliConfig):
    """Sizes of a VAE. The defaults are the homework's: 661,404 trainable parameters."""


@final
class VAE(StandardNormalVAE):
    """A VAE with a standard normal prior and Bernoulli pixels.

    Parameters and buffers carry the homework's names: `enc.net.*`, `dec.net.*`, `z_prior_m`, `z_prior_v`.
    """

    config: VAEConfig


FAMILY = Family(
    name="vae",
    title="VAE",
    sentence="A code z of ten numbers makes an image x; the encoder guesses z back.",
    config=VAEConfig,
    model=VAE,
    presets=(
        Preset(
            name="vae",
            summary="The homework's VAE: 10 latent dimensions, a standard normal prior, Bernoulli pixels.",
            model=VAEConfig(),
            steps=20_000,
            shipped_seed=1,
            selection="the best of five seeds; the others' NELBOs are 101.59 to 102.42 on the homework set",
        ),
        Preset(
            name="vae-z2",
            summary="A VAE with two latent dimensions: its log p(x) and p(z|x) can be summed on a grid.",
            model=VAEConfig(z=2),
            steps=20_000,
            shipped_seed=1,
        ),
    ),
    graph=GRAPH,
    sampling=rf"{latex.NORMAL} \qquad {latex.BERNOULLI}",
    nelbo=latex.NELBO,
    loss=lambda config: latex.loss((1.0, latex.REC_IN_SHORT), (1.0, latex.KL_IN_SHORT)),
    terms=(NELBO, KL, REC),
)
