"""What a model can do, role by role. A class inherits the roles that it plays; other code never asks for its name.

x are images (batch, pixels): zeros and ones, or colour values in 0..1. z are latent codes, y digits. All densities and
divergences are in nats. `pixels`, `batch`, `z`, `m` below are the sizes of axes.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, NamedTuple, TypeVar

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

__all__ = [
    "Batch",
    "Classifier",
    "Conditional",
    "Density",
    "ElboTerms",
    "Gaussian",
    "Generator",
    "LatentDensity",
    "LatentSpace",
    "Mixture",
    "Model",
    "NormalPrior",
    "Objective",
    "PlainDecoder",
    "Trainable",
    "density_of",
    "role",
]


class Batch(NamedTuple):
    """What one training step sees: images with their digits, and a few images whose digits may be used.

    Attributes:
        x, labelled_x: float, (batch, pixels) and (labelled, pixels): zeros and ones, or colours in 0..1.
        y, labelled_y: int64 digits, (batch,) and (labelled,); `y` is for conditional models, and for measuring the
            accuracy of others.
    """

    x: Float[Tensor, "batch pixels"]
    y: Int[Tensor, " batch"]
    labelled_x: Float[Tensor, "labelled pixels"]
    labelled_y: Int[Tensor, " labelled"]

    @classmethod
    def without_labels(cls, x: Tensor, y: Tensor) -> "Batch":
        """Images with their digits, none of which may be used for training."""
        return cls(x, y, x[:0], y[:0])


class Objective(NamedTuple):
    """What one step minimises, and what it reports: batch means by name, in nats unless the name says otherwise."""

    loss: Float[Tensor, ""]
    reported: dict[str, Tensor]


class ElboTerms(NamedTuple):
    """The terms of the negative ELBO of each image, in nats: shape (batch,) each."""

    kl: Float[Tensor, " batch"]
    rec: Float[Tensor, " batch"]

    @property
    def nelbo(self) -> Tensor:
        """KL + reconstruction, exactly."""
        return self.kl + self.rec

    def weighted(self, kl_weight: float) -> Tensor:
        """kl_weight * KL + reconstruction, the loss of a training with that KL weight (Higgins et al. 2017, eq. 4)."""
        return kl_weight * self.kl + self.rec

    def named(self) -> dict[str, Tensor]:
        """Every term by its name, the NELBO first."""
        return {"nelbo": self.nelbo, **self._asdict()}

    def means(self) -> dict[str, Tensor]:
        """The batch mean of every term, detached."""
        return {name: value.detach().mean() for name, value in self.named().items()}


class Gaussian(NamedTuple):
    """A diagonal Gaussian for each image, (batch, z) each; `variance` is a variance."""

    mean: Float[Tensor, "*rows z"]
    variance: Float[Tensor, "*rows z"]


class Trainable(ABC):
    """It has a loss.

    Attributes:
        uses_labels: it learns from `Batch.labelled_x` and `labelled_y` too.
        kl_weight: the weight of the KL in its loss, 1 in the ELBO; a training may change it as it goes.
    """

    uses_labels: ClassVar[bool] = False
    kl_weight: float = 1.0

    @abstractmethod
    def objective(self, batch: Batch, *, generator: torch.Generator | None = None) -> Objective:
        """What training minimises, the batch mean in nats, and the terms that it reports beside it.

        The KL counts `kl_weight` times in the loss; the terms that it reports are without that weight.
        """

    @torch.no_grad()
    def diagnose(self, held_out: Batch) -> dict[str, float]:
        """What else is worth watching on held-out images, by name; nothing unless a family says otherwise."""
        return {}


class Density(ABC):
    """A bound on log p(x) exists."""

    @abstractmethod
    def elbo_terms(self, x: Float[Tensor, "batch pixels"], *, generator: torch.Generator | None = None) -> Any:
        """The terms of the negative ELBO, KL + reconstruction, of each image from one sample of q(z|x).

        Returns:
            `ElboTerms`, or a family's own named terms with the same properties: (batch,) each, in nats.
        """

    @abstractmethod
    def log_weights(
        self,
        x: Float[Tensor, "batch pixels"],
        m: int,
        *,
        generator: torch.Generator | None = None,
        chunk: int = 10,
    ) -> Iterator[Tensor]:
        """Log importance weights log p(x, z) - log q(z|x) of m draws z ~ q(z|x), in nats.

        Their log-mean-exp is the IWAE-m bound on log p(x) (Burda, Grosse & Salakhutdinov 2016, eq. 8).

        Yields:
            Tensors (at most `chunk`, batch), m rows in all.

        Raises:
            ValueError: m or chunk is below 1.
        """


class LatentSpace(ABC):
    """Images have codes."""

    @abstractmethod
    def posterior(self, x: Float[Tensor, "batch pixels"]) -> Gaussian:
        """q(z|x): mean and variance of each image's code, (batch, z) each."""

    @abstractmethod
    def encode(self, x: Float[Tensor, "batch pixels"]) -> Float[Tensor, "batch latent"]:
        """The latent that stands for each image, as `decode_mean` takes it: its posterior's mean, and any label."""

    @abstractmethod
    def reconstruct(self, x: Float[Tensor, "batch pixels"]) -> Float[Tensor, "batch pixels"]:
        """The decoder mean at the latent that stands for each image, values in 0..1."""

    @abstractmethod
    def kl_per_dimension(
        self, x: Float[Tensor, "batch pixels"], *, generator: torch.Generator | None = None
    ) -> Float[Tensor, "batch z"]:
        """KL(q(z_j|x) || p(z_j)) of each latent dimension j, in nats."""


class LatentDensity(Density, LatentSpace, ABC):
    """A latent-variable density: p(x) is the integral of p(x|z) p(z), approached through q(z|x)."""


class Generator(ABC):
    """It draws images."""

    @abstractmethod
    def sample_prior(
        self, count: int, *, temperature: float = 1.0, generator: torch.Generator | None = None
    ) -> Float[Tensor, "count latent"]:
        """Latents from the prior whose standard deviations are scaled by `temperature`, as `decode_mean` takes them."""

    @abstractmethod
    def decode_mean(self, latent: Float[Tensor, "*rows latent"]) -> Float[Tensor, "*rows pixels"]:
        """The decoder mean E[x | latent], values in 0..1."""

    @abstractmethod
    def prior_moments(self) -> Gaussian:
        """Mean and variance of each dimension of z under the prior, (z,) each."""


class Model(nn.Module, Trainable, Generator, ABC):
    """What every family builds: it trains and it draws. Its other roles are in its class.

    Attributes:
        config: the architecture, of the family's own class; it has `pixels` and `z`.
    """

    config: Any

    @classmethod
    def fault_in(cls, state: Mapping[str, Tensor]) -> str:
        """Why no model of this family has such tensors, though their shapes fit; "" where nothing is wrong.

        It goes on after the name of a file: "has 0 in z_prior_v, ...: what to do".

        Arguments:
            state: every tensor of a model's `state_dict`, finite numbers.
        """
        return ""


class Classifier(Model, ABC):
    """It infers labels."""

    @abstractmethod
    def classify(self, x: Float[Tensor, "batch pixels"]) -> Float[Tensor, "batch y"]:
        """log q(y|x) in nats, of binary or grey images."""


class Mixture(Model, ABC):
    """Its prior is a mixture of Gaussians with equal weights."""

    @abstractmethod
    def components(self) -> tuple[Float[Tensor, "k z"], Float[Tensor, "k z"]]:
        """Means and variances of the prior's components."""

    @abstractmethod
    def responsibilities(self, x: Float[Tensor, "batch pixels"]) -> Float[Tensor, "batch k"]:
        """p(c|z) of each component c at the posterior's mean; rows sum to 1."""


class NormalPrior:
    """Its prior of z is a standard normal."""


class PlainDecoder(ABC):
    """Its decoder mean is the sigmoid of one multi-layer perceptron of the latent."""

    @abstractmethod
    def decoder_layers(self) -> nn.Sequential:
        """Linear layers with an activation between them, from latent to pixel logits."""


class Conditional(Model, ABC):
    """It models p(x|y): a digit y is given with every image, and its latents are codes z followed by a one-hot y."""

    @abstractmethod
    def given(self, y: Int[Tensor, " batch"]) -> LatentDensity:
        """The density p(x|y) of images whose digits are y."""

    @abstractmethod
    def latents(self, z: Float[Tensor, "*rows z"], y: Int[Tensor, " *rows"]) -> Float[Tensor, "*rows latent"]:
        """Codes followed by one-hot digits: what `decode_mean` takes."""

    @abstractmethod
    def sample_style(
        self, count: int, *, temperature: float = 1.0, generator: torch.Generator | None = None
    ) -> Float[Tensor, "count z"]:
        """Codes z from the prior alone, which say nothing of the digit."""


Role = TypeVar("Role")


def role(model: object, wanted: type[Role]) -> Role | None:
    """The model as a player of a role, or None where it does not play it."""
    return model if isinstance(model, wanted) else None


def density_of(model: object, y: Int[Tensor, " batch"] | None) -> LatentDensity:
    """The density that describes images with digits y: p(x|y) of a conditional model, p(x) of any other.

    Raises:
        ValueError: the model is conditional and the digits are missing, or it has no density.
    """
    if isinstance(model, Conditional):
        if y is None:
            raise ValueError("This model draws the digit that it is given: the images' digits must come with them.")
        return model.given(y)
    if not isinstance(model, LatentDensity):
        raise ValueError("This model has no density: no bound on log p(x) exists for it.")
    return model
