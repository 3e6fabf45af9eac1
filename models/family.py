"""What the app needs to know about a model family, beside its mathematics."""

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, Protocol

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

from models.graph import Graph
from models.terms import Term

__all__ = [
    "Batch",
    "ElboTerms",
    "Family",
    "GenerativeModel",
    "ImageKind",
    "ModelConfig",
    "Objective",
    "Preset",
    "Shapes",
    "SizeOfZ",
    "label_inputs",
    "matrix_shape",
    "with_article",
]

Shapes = Mapping[str, tuple[int, ...]]
ImageKind = Literal["binary", "colour"]
SizeOfZ = Annotated[
    int,
    Field(
        ge=1,
        le=4096,
        title="Size of z",
        description="How many numbers the code has. With 2 the reconstruction suffers; far beyond the homework's value "
        "most dimensions stay unused.",
    ),
]

_default_generator = threading.Lock()


class ModelConfig(BaseModel):
    """Base of every family's architecture: frozen, and strict about names it does not know.

    A field with a `title` is asked for where a training starts: `description` is its help text, and the "step" of its
    `json_schema_extra` says how far a click moves it, 1 if it says nothing.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")


class Batch(NamedTuple):
    """What one training step sees: images with their digits, and a few images whose digits may be used.

    Attributes:
        x, labelled_x: float, (batch, pixels) and (labelled, pixels): zeros and ones, or colours in 0..1.
        y, labelled_y: int64 digits, (batch,) and (labelled,); `y` is for conditional models, and for measuring the
            accuracy of others.
    """

    x: Tensor
    y: Tensor
    labelled_x: Tensor
    labelled_y: Tensor


class Objective(NamedTuple):
    """What one step minimises, and what it reports: batch means by name, in nats unless the name says otherwise."""

    loss: Tensor
    reported: dict[str, Tensor]


class ElboTerms(NamedTuple):
    """The terms of the negative ELBO of each image, in nats: shape (batch,) each."""

    kl: Tensor
    rec: Tensor

    @property
    def nelbo(self) -> Tensor:
        """KL + reconstruction, exactly."""
        return self.kl + self.rec

    def named(self) -> dict[str, Tensor]:
        """Every term by its name, the NELBO first."""
        return {"nelbo": self.nelbo, **self._asdict()}

    def means(self) -> dict[str, Tensor]:
        """The batch mean of every term, detached."""
        return {name: value.detach().mean() for name, value in self.named().items()}


class GenerativeModel(Protocol):
    """The contract of every model: an `nn.Module` that also answers these.

    Attributes:
        uses_labels: it learns from `Batch.labelled_x` and `labelled_y` too.
        conditional: it models p(x|y), the digit y given: `y`, int64 (batch,), must come with the images, and its
            latents are followed by one-hot digits. Every other model models p(x) and does not look at `y`.
    """

    config: Any
    uses_labels: ClassVar[bool]
    conditional: ClassVar[bool]

    def elbo_terms(
        self, x: Tensor, y: Tensor | None = None, *, generator: torch.Generator | None = None
    ) -> ElboTerms: ...

    def objective(self, batch: Batch, *, generator: torch.Generator | None = None) -> Objective: ...

    def diagnose(self, x: Tensor, y: Tensor) -> dict[str, float]: ...

    def log_weights(
        self,
        x: Tensor,
        m: int,
        y: Tensor | None = None,
        *,
        generator: torch.Generator | None = None,
        chunk: int = 10,
    ) -> Iterator[Tensor]: ...

    def sample_prior(
        self, count: int, *, temperature: float = 1.0, generator: torch.Generator | None = None
    ) -> Tensor: ...

    def prior_moments(self) -> tuple[Tensor, Tensor]: ...

    def posterior(self, x: Tensor, y: Tensor | None = None) -> tuple[Tensor, Tensor]: ...

    def encode(self, x: Tensor, y: Tensor | None = None) -> Tensor: ...

    def decode_mean(self, z: Tensor) -> Tensor: ...

    def kl_per_dimension(
        self, x: Tensor, y: Tensor | None = None, *, generator: torch.Generator | None = None
    ) -> Tensor: ...

    def reconstruct(self, x: Tensor, y: Tensor | None = None) -> Tensor: ...


@dataclass(frozen=True)
class Preset:
    """One recipe with every hyper-parameter of a published number.

    `steps` optimiser steps of Adam at `learning_rate`, `batch_size` images a step; in the last of them, a share of
    `cooldown`, the learning rate falls to zero. `shipped_seed` is the seed of the weights in pretrained/.
    """

    name: str
    summary: str
    model: ModelConfig
    steps: int
    batch_size: int = 100
    learning_rate: float = 1e-3
    cooldown: float = 0.0
    shipped_seed: int = 0


@dataclass(frozen=True)
class Family:
    """A model family: found by the pages, the command line and the checkpoint reader through the registry.

    Attributes:
        name: the family's key, as written in files.
        title: the name people use.
        sentence: what tells it from the other families.
        config: class of its architecture; an instance is all that `build` needs.
        build: makes an untrained model, drawing its weights from torch's default generator.
        recognise: reads the architecture from the shapes of a foreign file's tensors. Returns None when
            the names are not this family's; raises ValueError, in a student's words, when they are but
            the sizes contradict each other.
        presets: its recipes; the first is the homework's.
        graph: its graphical model.
        sampling: how it draws an image, T being the temperature; LaTeX, see `models.latex`, as are the next three.
        nelbo: the negative ELBO of one image.
        loss: what training minimises under a config, with its weights.
        prior: its p(z), where that is learned.
        terms: what `objective` and `diagnose` report, in the order in which it is shown.
        images: the pixels it models: zeros and ones, or colours in 0..1.
    """

    name: str
    title: str
    sentence: str
    config: type[ModelConfig]
    build: Callable[[Any], torch.nn.Module]
    recognise: Callable[[Shapes], ModelConfig | None]
    presets: tuple[Preset, ...]
    graph: Graph
    sampling: str
    nelbo: str
    loss: Callable[[Any], str]
    terms: tuple[Term, ...]
    prior: str = ""
    images: ImageKind = "binary"

    @property
    def default_preset(self) -> Preset:
        """The recipe of the config's own defaults; the first, where none has them."""
        return next((preset for preset in self.presets if preset.model == self.config()), self.presets[0])

    def fresh(self, config: ModelConfig, seed: int) -> Any:
        """An untrained model on the CPU whose weights are torch's default initialisation under `seed`.

        torch draws initial weights from its one default generator: the lock and the fork keep concurrent
        builds from disturbing each other, and leave that generator as it was.
        """
        with _default_generator, torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return self.build(config)


def with_article(title: str) -> str:
    """A family's title as it is spoken: a VAE, an SSVAE."""
    spelt = title[:2].isupper() and title[0] in "AEFHILMNORSX"
    return f"{'an' if spelt else 'a'} {title}"


def label_inputs(shapes: Shapes) -> int:
    """How many numbers a foreign file's encoder takes beyond the pixels that its decoder gives: one-hot labels.

    It is 0 where the two agree, and where one of these layers is missing or no matrix.
    """
    inputs, outputs = shapes.get("enc.net.0.weight", ()), shapes.get("dec.net.4.weight", ())
    return max(inputs[1] - outputs[0], 0) if len(inputs) == len(outputs) == 2 else 0


def matrix_shape(shapes: Shapes, name: str) -> tuple[int, int]:
    """The (outputs, inputs) of a linear layer's weight in a foreign file.

    Raises:
        ValueError: it is not there, or not a matrix.
    """
    shape = shapes.get(name)
    if shape is None:
        raise ValueError(f"{name} is missing: save the whole model.state_dict().")
    if len(shape) != 2:
        raise ValueError(f"{name} has {len(shape)} axes; a linear layer's weight has two.")
    return shape[0], shape[1]
