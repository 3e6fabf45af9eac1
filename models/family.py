"""What the app needs to know about a model family, beside its mathematics."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Generic

import torch
from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypeVar

from models.contract import Model
from models.description.graph import Graph
from models.description.terms import ImageKind, Term

__all__ = [
    "Family",
    "ImageKind",
    "ModelConfig",
    "Preset",
    "Shapes",
    "SizeOfZ",
    "with_article",
]

Shapes = Mapping[str, tuple[int, ...]]
SizeOfZ = Annotated[
    int,
    Field(
        ge=1,
        le=4096,
        title="Size of z",
        description="How many numbers the code has. With 2 the reconstruction gets worse; far above the homework's "
        "value most dimensions stay unused.",
    ),
]

AModel = TypeVar("AModel", bound=Model, default=Model, covariant=True)

_default_generator = threading.Lock()


class ModelConfig(BaseModel):
    """Base of every family's architecture: frozen, and strict about names it does not know.

    A field with a `title` is asked for where a training starts: `description` is its help text, and the "step" of its
    `json_schema_extra` says how far a click moves it, 1 if it says nothing.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    z: SizeOfZ = 10
    pixels: int = Field(784, ge=1, le=65_536, description="numbers of one image")

    @property
    def label_classes(self) -> int:
        """How many labels the model tells apart; 0 of a model without labels."""
        return 0

    @property
    def labelled_images(self) -> int:
        """How many training images a training sees with their labels; 0 where none is asked for."""
        return 0

    @property
    def learns_from_labels_alone(self) -> bool:
        """Whether images without labels teach the model nothing, so that its ELBO is not trained."""
        return False

    @property
    def likelihood(self) -> str:
        """What p(x|z) is, in words. NELBOs and bounds of models with another one are never compared."""
        return "independent Bernoulli pixels"

    @property
    def kl_weight(self) -> float:
        """How often the KL counts in the loss that a training begins with; 1 is the ELBO's."""
        return 1.0

    def free_numbers(self) -> dict[str, float]:
        """The numbers that p(x|z) depends on and that no shape shows, by the name of the tensor that may hold each."""
        return {}

    def with_numbers(self, numbers: Mapping[str, float]) -> "ModelConfig":
        """The same with such numbers as a file holds them; those that make no sense are left out."""
        return self


@dataclass(frozen=True)
class Preset:
    """One recipe with every hyper-parameter of a published number.

    `steps` optimiser steps of Adam at `learning_rate`, `batch_size` images a step; in the last of them, a share of
    `cooldown`, the learning rate falls to zero. `shipped_seed` is the seed of the weights in pretrained/; `selection`
    says, within a sentence, how it was chosen where more than one training was made: a best of five is better than what
    the recipe gives on average.
    """

    name: str
    summary: str
    model: ModelConfig
    steps: int
    batch_size: int = 100
    learning_rate: float = 1e-3
    cooldown: float = 0.0
    shipped_seed: int = 0
    selection: str = ""


@dataclass(frozen=True, eq=False)  # each family is itself alone
class Family(Generic[AModel]):
    """A model family: found by the pages, the command line and the reading of checkpoints through the registry.

    Attributes:
        name: the family's key, as written in files.
        title: the name people use.
        sentence: how it differs from the other families.
        model: its class, which inherits the roles that the family plays.
        config: class of its architecture; an instance is all that a model needs.
        presets: its recipes; the first is the homework's.
        graph: its graphical model.
        sampling: how it draws an image at temperature T; in the LaTeX of `models.description`, as are the next three.
        nelbo: the negative ELBO of one image.
        loss: what training minimises under a config, with its weights.
        prior: its p(z), where that is learned.
        terms: what `objective` and `diagnose` report, in the order in which it is shown.
        images: the pixels it models: zeros and ones, or colours in 0..1.
    """

    name: str
    title: str
    sentence: str
    model: type[AModel]
    config: type[ModelConfig]
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

    def plays(self, role: type) -> bool:
        """Whether its models play a role of `models.contract`."""
        return issubclass(self.model, role)

    def build(self, config: ModelConfig) -> AModel:
        """An untrained model, its weights drawn from torch's default generator."""
        return self.model(config)

    def fresh(self, config: ModelConfig, seed: int) -> AModel:
        """An untrained model on the CPU whose weights are torch's default initialisation under `seed`.

        torch draws initial weights from its one default generator: the lock and the fork keep concurrent
        builds from disturbing each other, and leave that generator as it was.
        """
        with _default_generator, torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return self.model(config)


def with_article(title: str) -> str:
    """A family's title as it is spoken: a VAE, an SSVAE."""
    spelt = title[:2].isupper() and title[0] in "AEFHILMNORSX"
    return f"{'an' if spelt else 'a'} {title}"
