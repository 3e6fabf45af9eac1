"""Model cards: what stands beside shipped weights, and the reference numbers they are read against.

This module stays light (no torch, no pydantic), so that the first page shows numbers before anything is loaded.
"""

import json
from collections.abc import Collection
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from training.system.errors import UserError
from training.system.files import replace_file

__all__ = [
    "ACCURACIES",
    "REFERENCES",
    "AccuracyReference",
    "Card",
    "Numbers",
    "Reference",
    "beta_sweep",
    "read_card",
    "write_card",
]


@dataclass(frozen=True)
class Numbers:
    """What `evaluate` gave on one set, in nats per image; see `training.evaluation.bounds.SetReport.as_json`."""

    images: int
    nelbo: float
    nelbo_se: float
    kl: float
    rec: float
    niwae: dict[str, float]
    niwae_se: dict[str, float]
    ess: dict[str, float] | None = None
    kl_z: float | None = None
    kl_y: float | None = None
    squared_error: float | None = None


@dataclass(frozen=True)
class Card:
    """Where shipped weights come from and what they reach.

    Attributes:
        training: the whole `TrainConfig`.
        trained: date, seconds and steps per second of the training.
        sets: numbers by evaluation set.
        sha256: of the weights file that was measured.
        accuracy: on all test digits, fed grey; None for a model without a classifier.
        disentanglement: see `training.evaluation.disentanglement`; None for a model that is told no digit.
    """

    name: str
    family: str
    summary: str
    parameters: int
    steps: int
    seed: int
    data: str
    training: dict[str, Any]
    trained: dict[str, str | float]
    versions: dict[str, str]
    hardware: dict[str, str | int]
    sets: dict[str, Numbers]
    sha256: str
    accuracy: float | None = None
    disentanglement: dict[str, float | None] | None = None


@dataclass(frozen=True)
class Reference:
    """A published row of numbers on the homework set, in nats per image.

    `deviations` are standard deviations over trainings, by the quantity's name, where they were published.
    """

    source: str
    model: str
    nelbo: float
    kl: float
    rec: float
    niwae: dict[str, float]
    deviations: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class AccuracyReference:
    """A published accuracy on the 10,000 test digits; `deviation` is over trainings, where it was published."""

    source: str
    model: str
    accuracy: float
    deviation: float | None = None


def _reference(
    source: str, model: str, terms: tuple[float, ...], bounds: tuple[float, ...], deviations: tuple[float, ...] = ()
) -> Reference:
    names = ("nelbo", "kl", "rec")
    return Reference(
        source=source,
        model=model,
        **dict(zip(names, terms, strict=True)),
        niwae=dict(zip(("1", "10", "100", "1000"), bounds, strict=True)),
        deviations=dict(zip(names, deviations, strict=False)),
    )


REFERENCES = (
    _reference("report", "vae", (102.23, 18.98, 83.25), (101.44, 98.55, 97.42, 96.81)),
    _reference("course key", "vae", (101.21, 19.34, 81.86), (101.21, 98.50, 97.46, 96.93), (0.61, 0.19, 0.66)),
    _reference("report", "gmvae", (98.30, 17.79, 80.52), (98.32, 96.00, 95.24, 94.83)),
    _reference("course key", "gmvae", (98.58, 17.82, 80.77), (98.58, 96.12, 95.16, 94.71), (0.46, 0.18, 0.51)),
)
ACCURACIES = (
    AccuracyReference("report", "ssvae-supervised", 0.734),
    AccuracyReference("course key", "ssvae-supervised", 0.735),
    AccuracyReference("report", "ssvae", 0.938),
    AccuracyReference("course key", "ssvae", 0.935, 0.011),
)


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
