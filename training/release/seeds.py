"""Trainings that differ in their seed alone: what each reached, beside the one whose weights ship. Light (no torch).

`pretrained/<name>/seeds.json` holds the others; their weights were not kept. So a number's three plus-minus are three
numbers: noise on the same images, other images, another training.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import nan
from statistics import mean, stdev

from training.release.cards import Numbers, read_card
from training.system.errors import UserError
from training.system.files import replace_file
from training.system.folders import PRETRAINED

__all__ = ["Curve", "Seeded", "Several", "all_seeds", "keep_seed", "several"]

FILE = "seeds.json"


@dataclass(frozen=True)
class Curve:
    """Held-out terms of a training over its steps, in nats per image."""

    steps: list[int]
    nelbo: list[float]
    kl: list[float]
    rec: list[float]


@dataclass(frozen=True)
class Seeded:
    """What one training of a preset reached.

    Attributes:
        ships: its weights are the ones in the app.
        sets: numbers by evaluation set, measured as on the card; of a large set, bounds up to m = 100 alone.
        accuracy: on all test images; None for a model without a classifier.
        curve: absent of the one that ships, whose metrics stand beside its weights.
    """

    seed: int
    ships: bool
    sets: dict[str, Numbers]
    accuracy: float | None = None
    curve: Curve | None = None


@dataclass(frozen=True)
class Several:
    """One number over trainings.

    Attributes:
        seeds, values: of every training, by rising seed.
        shipped: the seed of the one whose weights ship.
    """

    seeds: tuple[int, ...]
    values: tuple[float, ...]
    shipped: int

    @property
    def rank(self) -> int:
        """Place of the shipped one, 1 for the lowest value."""
        return sorted(self.values).index(self.values[self.seeds.index(self.shipped)]) + 1

    @property
    def mean(self) -> float:
        """Over the trainings."""
        return mean(self.values)

    @property
    def deviation(self) -> float:
        """Standard deviation between trainings (n - 1); not a number of fewer than two."""
        return stdev(self.values) if len(self.values) > 1 else nan


def all_seeds(name: str) -> list[Seeded]:
    """Every training of a shipped model's recipe that was measured, by rising seed: the shipped one always.

    Raises:
        UserError: the card or the file of the others cannot be read.
    """
    card = read_card(PRETRAINED / name)
    shipped = Seeded(card.seed, True, card.sets, card.accuracy)
    return sorted([shipped, *_others(name)], key=lambda each: each.seed)


def several(name: str, set_name: str, number: str) -> Several:
    """One number of a set over all trainings that have it: "nelbo", "kl", "rec", or a bound by its m, such as "100".

    Raises:
        UserError: see `all_seeds`.
        KeyError: the shipped model has no such number.
    """
    found = {each.seed: _number(each.sets[set_name], number) for each in all_seeds(name) if set_name in each.sets}
    measured = {seed: value for seed, value in found.items() if value is not None}
    shipped = read_card(PRETRAINED / name).seed
    if shipped not in measured:
        raise KeyError(number)
    return Several(tuple(measured), tuple(measured.values()), shipped)


def keep_seed(name: str, training: Seeded) -> None:
    """Add a training to its model's file, in place of the one with its seed."""
    kept = {each.seed: each for each in _others(name)} | {training.seed: training}
    rows: Sequence[str] = [json.dumps(asdict(each)) for _, each in sorted(kept.items())]
    replace_file(PRETRAINED / name / FILE, ("[\n" + ",\n".join(rows) + "\n]\n").encode())


def _others(name: str) -> list[Seeded]:
    file = PRETRAINED / name / FILE
    if not file.is_file():
        return []
    try:
        return [_read(row) for row in json.loads(file.read_bytes())]
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise UserError(f"{name}/{FILE} cannot be read: remake it with `python -m training seeds {name}`.") from error


def _read(row: dict[str, object]) -> Seeded:
    sets, curve = row["sets"], row["curve"]
    assert isinstance(sets, dict)
    read = {name: Numbers(**numbers) for name, numbers in sets.items()}
    return Seeded(**row | {"sets": read, "curve": Curve(**curve) if isinstance(curve, dict) else None})  # type: ignore[arg-type]


def _number(numbers: Numbers, name: str) -> float | None:
    if name.isdigit():
        return numbers.niwae.get(name)
    value: float | None = getattr(numbers, name)
    return value
