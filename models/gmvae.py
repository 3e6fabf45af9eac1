"""The VAE with a mixture of Gaussians as its prior (the homework's GMVAE).

    c ~ Uniform(1..k)                  one of k clusters
    z ~ N(mean_c, diag(variance_c))    the cluster's place and spread are learned
    x_i ~ Bernoulli(sigmoid(dec(z)_i))

No closed form exists for KL(q(z|x) || p(z)): it is one Monte-Carlo sample, log q(z|x) - log p(z), of the same z that
is decoded.
"""

import math

import torch
from pydantic import Field
from torch import Tensor, nn

from models import latex, vae
from models.distributions import (
    component_log_densities,
    gaussian_parameters,
    log_bernoulli,
    log_normal,
    log_normal_mixture,
    sample_gaussian,
)
from models.family import ElboTerms, Family, Preset, Shapes
from models.graph import Graph, Node
from models.networks import MLP
from models.terms import COMPONENTS, KL, NELBO, REC
from models.vae import VAE, Gaussian, VAEConfig

__all__ = ["FAMILY", "GMVAE", "GMVAEConfig"]


class GMVAEConfig(VAEConfig):
    """Sizes of a GMVAE. The defaults are the homework's: 671,404 trainable parameters."""

    k: int = Field(
        500,
        ge=1,
        le=65_536,
        title="Clusters k",
        description="Gaussians in the prior. The homework takes 500; with 1 the prior is one learned Gaussian.",
    )


class GMVAE(VAE):
    """A VAE whose prior is a uniform mixture of k learned Gaussians.

    `z_pre` (1, 2k, z) holds the components: its first k rows are means, its last k rows become variances. The
    fixed weights `pi` (k) are kept for readers that expect them.
    """

    pi: Tensor

    def __init__(self, config: GMVAEConfig | None = None) -> None:
        nn.Module.__init__(self)
        self.config: GMVAEConfig = config or GMVAEConfig()
        size, k = self.config.z, self.config.k
        self.enc = MLP((self.config.pixels, *self.config.hidden, 2 * size))
        self.dec = MLP((size, *self.config.hidden, self.config.pixels))
        z_pre = torch.empty(1, 2 * k, size)
        if not z_pre.is_meta:  # a normal draw without memory makes torch load seconds' worth of modules
            z_pre.normal_().div_(math.sqrt(k * size))
        self.z_pre = nn.Parameter(z_pre)
        self.register_buffer("pi", torch.full((k,), 1 / k))

    def components(self) -> tuple[Tensor, Tensor]:
        """Means and variances of the prior's components, (k, z) each."""
        means, variances = gaussian_parameters(self.z_pre.squeeze(0), dim=0)
        return means, variances

    def prior_moments(self) -> Gaussian:
        """Mean and variance of each latent dimension under the whole mixture: (z,) each."""
        means, variances = self.components()
        return Gaussian(means.mean(0), variances.mean(0) + means.var(0, correction=0))

    def log_prior(self, z: Tensor) -> Tensor:
        """log p(z) in nats: (..., z) -> (...)."""
        return log_normal_mixture(z, *self.components())

    def sample_prior(self, count: int, *, temperature: float = 1.0, generator: torch.Generator | None = None) -> Tensor:
        """`count` latents (count, z): a component each, then its Gaussian with its deviation scaled."""
        means, variances = self.components()
        chosen = torch.randint(len(means), (count,), generator=generator, device=means.device)
        return sample_gaussian(means[chosen], variances[chosen] * temperature**2, generator)

    def elbo_terms(self, x: Tensor, y: Tensor | None = None, *, generator: torch.Generator | None = None) -> ElboTerms:
        """KL and reconstruction of each image from one and the same z, in nats: (batch, pixels) -> (batch,) each."""
        q = self.posterior(x)
        z = sample_gaussian(*q, generator)
        return ElboTerms(kl=log_normal(z, *q) - self.log_prior(z), rec=-log_bernoulli(x, self.decode(z)))

    def kl_per_dimension(
        self, x: Tensor, y: Tensor | None = None, *, generator: torch.Generator | None = None
    ) -> Tensor:
        """What each latent dimension costs by itself, in nats: one-sample estimates (batch, z).

        Each dimension is held against its own marginal of the prior, a mixture of k Gaussians of one dimension.
        The mixture's dimensions depend on each other, so the sum is not the KL.
        """
        q = self.posterior(x)
        z = sample_gaussian(*q, generator).unsqueeze(-1)
        own = log_normal(z, *(value.unsqueeze(-1) for value in q))
        means, variances = (value.T.unsqueeze(-1) for value in self.components())
        prior = [log_normal_mixture(z[:, j], means[j], variances[j]) for j in range(len(means))]
        return own - torch.stack(prior, -1)

    def responsibilities(self, x: Tensor) -> Tensor:
        """p(c | z) of each component at the posterior's mean: (batch, pixels) -> (batch, k), rows sum to 1."""
        return component_log_densities(self.posterior(x).mean, *self.components()).softmax(-1)

    def diagnose(self, x: Tensor, y: Tensor) -> dict[str, float]:
        """How many components explain at least one of the images best, by responsibility at the posterior's mean."""
        return {"components": float(len(self.responsibilities(x).argmax(-1).unique()))}


def recognise(shapes: Shapes) -> GMVAEConfig | None:
    """Read z, k and the hidden sizes from a state_dict's shapes; see `Family.recognise`."""
    if "z_pre" not in shapes:
        return None
    sizes = vae.recognise({name: shape for name, shape in shapes.items() if name != "z_pre"})
    if sizes is None:
        return None
    if len(shapes["z_pre"]) != 3 or shapes["z_pre"][0] != 1 or shapes["z_pre"][1] % 2:
        raise ValueError(f"z_pre has shape {shapes['z_pre']}; it must be (1, 2k, z): k means, then k variances.")
    return GMVAEConfig(**sizes.model_dump(), k=shapes["z_pre"][1] // 2)


FAMILY = Family(
    name="gmvae",
    title="GMVAE",
    sentence="z comes from one of 500 learned clusters c, not from one round cloud.",
    config=GMVAEConfig,
    build=GMVAE,
    recognise=recognise,
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
    loss=lambda config: latex.loss((1, latex.REC_IN_SHORT), (1, latex.KL_IN_SHORT)),
    prior=(
        r"\begin{aligned}p(z) \;=\;& \frac1k\sum_{c=1}^{k}"
        r"\mathcal{N}\bigl(z;\,\mu_c,\,\mathrm{diag}(\sigma_c^2)\bigr) \\ "
        r"\term{kl}{\mathrm{KL}} \;\approx\;& "
        r"\term{kl}{\log q(z\mid x) - \log p(z)},\quad z\sim q(z\mid x)\end{aligned}"
    ),
    terms=(NELBO, KL, REC, COMPONENTS),
)
