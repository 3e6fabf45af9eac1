"""Model cards: what is known of shipped weights, kept beside them.

This module stays light (no torch, no pydantic), so that the first page shows numbers before anything is loaded.
"""

import json
from collections.abc import Collection
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from training.system.errors import UserError
from training.system.files import replace_file

__all__ = [
    "Card",
    "Numbers",
    "beta_sweep",
    "read_card",
    "write_card",
]


@dataclass(frozen=True)
class Numbers:
    """What `evaluate` gave on one set, in nats per image; see `training.evaluation.bounds.SetReport.as_json`.

    Every standard error here is over the noise, on the same images.
    """

    images: int
    nelbo: float
    nelbo_se: float
    kl: float
    rec: float
    niwae: dict[str, float]
    niwae_se: dict[str, float]
    ess_median: dict[str, float] | None = None
    ess_worst: dict[str, float] | None = None
    kl_z: float | None = None
    kl_y: float | None = None
    squared_error: float | None = None


@dataclass(frozen=True)
class Card:
    """Where shipped weights come from and what they reach.

    Attributes:
        training: the whole `TrainConfig`.
        trained: its date. How long it took depends on the machine and on what else ran there: no card says it.
        versions, hardware: of the training.
        measured: date, machine and version of PyTorch of the numbers: another processor may round otherwise.
        sets: numbers by evaluation set.
        sha256: of the weights file that was measured.
        selection: how these weights were chosen among several trainings; empty where one was made.
        accuracy: on all test images, fed grey; None for a model without a classifier.
        disentanglement: see `training.evaluation.disentanglement`; None for a model that does not take the digit.
    """

    name: str
    family: str
    summary: str
    parameters: int
    steps: int
    seed: int
    data: str
    training: dict[str, Any]
    trained: dict[str, str]
    versions: dict[str, str]
    hardware: dict[str, str | int]
    measured: dict[str, str | int]
    sets: dict[str, Numbers]
    sha256: str
    selection: str = ""
    accuracy: float | None = None
    disentanglement: dict[str, float | None] | None = None


def read_card(folder: Path) -> Card:
    """The card of a pretrained folder.

    Raises:
        UserError: it is missing or cannot be read.
    """
    try:
        card = json.loads((folder / "card.json").read_bytes())
        return Card(**card | {"sets": {name: Numbers(**numbers) for name, numbers in card["sets"].items()}})
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise UserError(
            f"{folder.name} has no card that can be read: remake it with `python -m training pretrain {folder.name}`."
        ) from error


def beta_sweep(cards: Collection[Card]) -> dict[float, Card]:
    """Models that differ in the KL weight beta alone, by their beta in rising order; one without a beta has 1."""

    def all_but_beta(card: Card) -> dict[str, Any]:
        return card.training["model"] | {"beta": None, "data": card.data}

    weighted = [all_but_beta(card) for card in cards if "beta" in card.training["model"]]
    alike = {float(card.training["model"].get("beta", 1)): card for card in cards if all_but_beta(card) in weighted}
    return dict(sorted(alike.items()))


def write_card(folder: Path, card: Card) -> None:
    """Write a folder's card, whole or not at all."""
    replace_file(folder / "card.json", (json.dumps(asdict(card), indent=2) + "\n").encode())
