"""The semi-supervised VAE of the homework: a simplification of Kingma et al. 2014's M2.

    y ~ Uniform(0..9)                     the digit: known for 100 images, inferred for the rest
    z ~ N(0, I)                           everything else
    x_i ~ Bernoulli(sigmoid(dec(z, y)_i))
    q(y | x) = cls(x),  q(z | x, y) = enc(x, y)

The label is averaged out exactly: KL_z and the reconstruction are computed for all ten labels, with one z each, and
weighted by q(y|x). NELBO = KL_y + KL_z + reconstruction. Labels that q(y|x) rules out are not computed: their share of
the sum is below what float32 can add to it, and a trained classifier rules out nearly nine of ten.
"""

import math
from collections.abc import Iterator
from typing import ClassVar, NamedTuple, final

import torch
import torch.nn.functional as F
from jaxtyping import Float
from pydantic import Field
from torch import Tensor, nn

from models.blocks.bernoulli import BernoulliConfig
from models.blocks.distributions import (
    at_least_float32,
    gaussian_parameters,
    log_bernoulli,
    log_mean_exp,
    log_normal,
    sample_in_chunks,
)
from models.blocks.latent_variable import StandardNormal
from models.blocks.networks import MLP
from models.contract import Batch, Classifier, Gaussian, LatentDensity, Objective, PlainDecoder
from models.description import latex
from models.description.graph import Graph, Node
from models.description.terms import KL, NELBO, REC, Term
from models.family import Family, Preset, SizeOfZ

__all__ = ["FAMILY", "SSVAE", "SSVAEConfig", "SSVAETerms"]


RULED_OUT = 1e-10  # q(y|x) at most this: times the thousands of nats of a wrong label still below float32's rounding


class SSVAEConfig(BernoulliConfig):
    """Sizes and loss weights of an SSVAE, and how many labels it may use.

    The defaults are the homework's: 1,044,922 trainable parameters.
    """

    z: SizeOfZ = 64
    y: int = Field(10, ge=2, le=1000, description="labels")
    gen_weight: float = Field(
        1.0,
        ge=0,
        le=1e6,
        title="Weight of the NELBO",
        description="1 learns from all images; 0 is supervised only: from the labelled images alone.",
    )
    labelled: int = Field(
        100,
        ge=10,
        le=1000,
        multiple_of=10,
        title="Labelled images",
        description="How many training images come with their labels, as many of each class. The homework takes 100.",
        json_schema_extra={"step": 10},
    )
    class_weight: float = Field(
        100.0,
        ge=0,
        le=1e6,
        title="Weight of labels",
        description="How much the labelled images' cross-entropy counts. The homework takes 100.",
    )

    @property
    def label_classes(self) -> int:
        """How many labels q(y|x) tells apart."""
        return self.y

    @property
    def labelled_images(self) -> int:
        """How many training images come with their labels."""
        return self.labelled

    @property
    def learns_from_labels_alone(self) -> bool:
        """Whether the NELBO has no weight in the loss."""
        return self.gen_weight == 0


class SSVAETerms(NamedTuple):
    """The terms of the negative ELBO of each image, in nats: shape (batch,) each."""

    kl_y: Tensor
    kl_z: Tensor
    rec: Tensor

    @property
    def kl(self) -> Tensor:
        return self.kl_y + self.kl_z

    @property
    def nelbo(self) -> Tensor:
        """KL_y + KL_z + reconstruction, exactly."""
        return self.kl + self.rec

    def weighted(self, kl_weight: float) -> Tensor:
        """kl_weight * (KL_y + KL_z) + reconstruction; see `ElboTerms.weighted`."""
        return kl_weight * self.kl + self.rec

    def named(self) -> dict[str, Tensor]:
        """Every term by its name, the NELBO first."""
        return {"nelbo": self.nelbo, "kl": self.kl, **self._asdict()}

    def means(self) -> dict[str, Tensor]:
        """The batch mean of every term, detached."""
        return {name: value.detach().mean() for name, value in self.named().items()}


@final
class SSVAE(StandardNormal, Classifier, LatentDensity, PlainDecoder):
    """A VAE with a second latent variable, the label, and a classifier that infers it."""

    uses_labels: ClassVar[bool] = True
    config: SSVAEConfig

    def __init__(self, config: SSVAEConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or SSVAEConfig()
        self.enc = MLP((config.pixels + config.y, *config.hidden, 2 * config.z))
        self.dec = MLP((config.z + config.y, *config.hidden, config.pixels))
        self.cls = MLP((config.pixels, *config.hidden, config.y), nn.ReLU)
        self.set_standard_normal()

    def classify(self, x: Float[Tensor, "batch pixels"]) -> Float[Tensor, "batch y"]:
        """log q(y|x), in nats, of binary or grey images."""
        return at_least_float32(self.cls(x)).log_softmax(-1)

    def posteriors(self, x: Float[Tensor, "batch pixels"]) -> Gaussian:
        """q(z|x, y) for every label: mean and variance (batch, y, z)."""
        return Gaussian(*gaussian_parameters(self.enc.for_every_label(x.unsqueeze(-2), self.config.y)))

    def decode_labels(self, z: Float[Tensor, "*rows y z"]) -> Float[Tensor, "*rows y pixels"]:
        """Pixel logits of p(x|z, y), code j decoded with label j."""
        return self.dec.for_every_label(z, self.config.y)

    def decoder_layers(self) -> nn.Sequential:
        """The layers of the decoder, from z and a one-hot label to pixel logits."""
        return self.dec.net

    def decode_mean(self, latent: Float[Tensor, "*rows latent"]) -> Float[Tensor, "*rows pixels"]:
        """The decoder mean of codes followed by one-hot labels, values in 0..1."""
        return at_least_float32(self.dec(latent)).sigmoid()

    def posterior(self, x: Float[Tensor, "batch pixels"]) -> Gaussian:
        """q(z|x, y) at the likeliest label y: mean and variance (batch, z)."""
        return self._posterior_of(x, self.classify(x).argmax(-1))

    def _posterior_of(self, x: Tensor, label: Tensor) -> Gaussian:
        row = torch.arange(len(x), device=x.device)
        return Gaussian(*gaussian_parameters(self.enc.for_labels(x, row, label, self.config.y)))

    def encode(self, x: Float[Tensor, "batch pixels"]) -> Float[Tensor, "batch latent"]:
        """The latent that stands for each image: its posterior's mean and its likeliest label, (batch, z + y)."""
        label = self.classify(x).argmax(-1)
        return torch.cat([self._posterior_of(x, label).mean, F.one_hot(label, self.config.y).float()], -1)

    def reconstruct(self, x: Float[Tensor, "batch pixels"]) -> Float[Tensor, "batch pixels"]:
        """The decoder mean at the likeliest label and its posterior's mean."""
        return self.decode_mean(self.encode(x))

    def kl_per_dimension(
        self, x: Float[Tensor, "batch pixels"], *, generator: torch.Generator | None = None
    ) -> Float[Tensor, "batch z"]:
        """KL of each dimension of z under the likeliest label, in nats. No noise is drawn."""
        return self.kl_of_dimensions(self.posterior(x))

    def sample_prior(
        self, count: int, *, temperature: float = 1.0, generator: torch.Generator | None = None
    ) -> Float[Tensor, "count latent"]:
        """`count` codes followed by one-hot labels (count, z + y), labels uniform."""
        z = self.sample_z(count, temperature=temperature, generator=generator)
        label = torch.randint(self.config.y, (count,), generator=generator, device=z.device)
        return torch.cat([z, F.one_hot(label, self.config.y).float()], -1)

    def elbo_terms(self, x: Float[Tensor, "batch pixels"], *, generator: torch.Generator | None = None) -> SSVAETerms:
        """KL_y, KL_z and reconstruction of each image, labels averaged out exactly: (batch,) each, in nats."""
        return self._elbo_terms(x, self.classify(x), generator)

    def _elbo_terms(self, x: Tensor, log_q_y: Tensor, generator: torch.Generator | None) -> SSVAETerms:
        q_y = log_q_y.exp()
        noise = torch.randn((*q_y.shape, self.config.z), generator=generator, device=x.device, dtype=q_y.dtype)
        row, label = (q_y > RULED_OUT).nonzero(as_tuple=True)
        q_z = Gaussian(*gaussian_parameters(self.enc.for_labels(x, row, label, self.config.y)))
        z = q_z.mean + q_z.variance.sqrt() * noise[row, label]
        logits = self.dec.for_labels(z, torch.arange(len(z), device=z.device), label, self.config.y)
        weight = q_y[row, label]

        def average(values: Tensor) -> Tensor:
            return values.new_zeros(len(x)).index_add(0, row, weight * values)

        return SSVAETerms(
            kl_y=(q_y * (log_q_y + math.log(self.config.y))).sum(-1),
            kl_z=average(self.analytic_kl(q_z)),
            rec=average(-log_bernoulli(x.index_select(0, row), logits)),
        )

    def objective(self, batch: Batch, *, generator: torch.Generator | None = None) -> Objective:
        """gen_weight * NELBO of the unlabelled batch + class_weight * cross-entropy of the labelled images."""
        cross_entropy = F.nll_loss(self.classify(batch.labelled_x), batch.labelled_y)
        loss = self.config.class_weight * cross_entropy
        reported: dict[str, Tensor] = {}
        log_q_y = self.classify(batch.x)
        if self.config.gen_weight:
            terms = self._elbo_terms(batch.x, log_q_y, generator)
            loss = loss + self.config.gen_weight * terms.weighted(self.kl_weight).mean()
            reported = terms.means()
        right = log_q_y.argmax(-1) == batch.y
        return Objective(loss, {**reported, "cross_entropy": cross_entropy.detach(), "accuracy": right.float().mean()})

    def diagnose(self, held_out: Batch) -> dict[str, float]:
        """Accuracy on held-out images."""
        return {"accuracy": float((self.classify(held_out.x).argmax(-1) == held_out.y).float().mean())}

    def log_weights(
        self,
        x: Float[Tensor, "batch pixels"],
        m: int,
        *,
        generator: torch.Generator | None = None,
        chunk: int = 10,
    ) -> Iterator[Tensor]:
        """Log importance weights for log p(x), the label summed out exactly, in nats.

        Each weight is sum_y p(y) p(x|z_y, y) p(z_y) / q(z_y|x, y), one z for each label: its mean is p(x), so its
        log-mean-exp bounds log p(x) from below like the VAE's, and already at m = 1 at least as tightly as the ELBO.

        Yields:
            Tensors (at most `chunk`, batch), m rows in all.

        Raises:
            ValueError: m or chunk is below 1.
        """
        q = self.posteriors(x)
        for chunked in sample_in_chunks(*q, m, chunk, generator):
            yield torch.stack([self._log_weight(x, z, q) for z in chunked])  # one by one: each is decoded ten times

    def _log_weight(self, x: Tensor, z: Tensor, q: Gaussian) -> Tensor:
        """log sum_y p(y) p(x|z_y, y) p(z_y) / q(z_y|x, y): z (batch, y, z) -> (batch,)."""
        log_ratio = self.log_prior(z) - log_normal(z, *q)
        return log_mean_exp(log_bernoulli(x.unsqueeze(-2), self.decode_labels(z)) + log_ratio, -1)


KL_Y = Term(
    name="kl_y",
    label="KL of y",
    role="kl_y",
    unit="nats",
    chart="label",
    help="How far q(y|x) is from uniform. It starts near 0, where all ten labels are "
    "equally likely, and ends near ln 10 = 2.30, where the classifier is sure. One that stays near 0.17 under a "
    "good NELBO is the sign of a wrong reshape: labels and images are paired in the wrong order.",
    chart_title="**The label**: KL on held-out images, cross-entropy on the labelled ones",
)
KL_Z = Term(
    name="kl_z",
    label="KL of z",
    role="kl",
    unit="nats",
    chart="parts",
    help="How far q(z|x, y) is from the prior, averaged over q(y|x). Near 0 at "
    "first, then it rises as the model learns to use z.",
)
CROSS_ENTROPY = Term(
    name="cross_entropy",
    label="Cross-entropy",
    role="cross_entropy",
    unit="nats",
    chart="label",
    help="−log q(y|x) of the right label, on the labelled images. It starts near ln 10 = 2.30, a blind guess, and "
    "soon falls to almost 0: so few are memorised, and only the accuracy on other images says what was learned.",
)
ACCURACY = Term(
    name="accuracy",
    label="Accuracy",
    role="accuracy",
    unit="%",
    chart="accuracy",
    help="The share of images with the right likeliest label; the model never sees these labels. "
    "A blind guess is right for 10%.",
    chart_title="**Accuracy**: images with the right label",
)
UNLABELLED = r"\term{nelbo}{\mathbb{E}_{x}\,\mathrm{NELBO}(x)}"
LABELLED = r"\term{cross_entropy}{\mathbb{E}_{(x, y)\,\text{labelled}}\bigl[-\log q(y\mid x)\bigr]}"
FAMILY = Family(
    name="ssvae",
    title="SSVAE",
    sentence="The label y is its own variable, known for 100 images and inferred for the rest.",
    config=SSVAEConfig,
    model=SSVAE,
    presets=(
        Preset(
            name="ssvae",
            summary="The homework's SSVAE: 100 labelled images, all 60,000 without labels, 64 latent dimensions.",
            model=SSVAEConfig(),
            steps=30_000,
            shipped_seed=4,
            selection="the best of five seeds; the others' accuracies are 93.1%, 93.7%, 90.7% and 93.7%",
        ),
        Preset(
            name="ssvae-supervised",
            summary="The same network trained on the 100 labelled images alone.",
            model=SSVAEConfig(gen_weight=0.0),
            steps=30_000,
        ),
    ),
    graph=Graph(
        nodes=(
            Node("z", 44, 50, "the latent code: never observed", "kl"),
            Node("y", 116, 50, "the digit: observed for 100 images", "kl_y", 0.5),
            Node("x", 80, 140, "the image: observed", "rec", 1.0),
        ),
        generates=(("z", "x"), ("y", "x")),
        infers=(("x", "z"), ("x", "y"), ("y", "z")),
    ),
    sampling=rf"y \sim \mathrm{{Uniform}}(0..9) \qquad {latex.NORMAL} \qquad "
    r"x_i \sim \mathrm{Bernoulli}\bigl(\sigma(\mathrm{dec}(z, y)_i)\bigr)",
    nelbo=(
        r"\begin{aligned} \term{nelbo}{\mathrm{NELBO}(x)} \;=\;& "
        r"\term{rec}{-\mathbb{E}_{q(y\mid x)}\mathbb{E}_{q(z\mid x,y)}\log p(x\mid z,y)} \\ "
        r"+\;& \term{kl}{\mathbb{E}_{q(y\mid x)}\mathrm{KL}\bigl(q(z\mid x,y)\,\|\,p(z)\bigr)} \;+\; "
        r"\term{kl_y}{\mathrm{KL}\bigl(q(y\mid x)\,\|\,p(y)\bigr)} \;\ge\; -\log p(x) \end{aligned}"
    ),
    loss=lambda config: latex.loss((config.gen_weight, UNLABELLED), (config.class_weight, LABELLED)),
    terms=(NELBO, KL, KL_Y, KL_Z, REC, CROSS_ENTROPY, ACCURACY),
)
