"""Accuracy by the number of labels: the points that ship. Light (no torch), for pages to read at once."""

import json
from dataclasses import asdict, dataclass

from training.release.cards import read_card
from training.system.errors import UserError
from training.system.files import replace_file
from training.system.folders import PRETRAINED, pretrained_names

__all__ = ["LABEL_POINTS", "LabelPoint", "keep_label_point", "read_label_points"]

LABEL_POINTS = PRETRAINED / "label-points.json"


@dataclass(frozen=True, order=True)
class LabelPoint:
    """What one training with some labels reached.

    Attributes:
        preset: which recipe was trained, but for its number of labels.
        labelled: training digits whose labels were used.
        accuracy: on all 10,000 test digits, fed grey.
    """

    preset: str
    labelled: int
    accuracy: float
    steps: int
    seed: int


def read_label_points() -> list[LabelPoint]:
    """Every point that ships, those of the shipped models among them, by preset and number of labels.

    Raises:
        UserError: a card or the file of points cannot be read.
    """
    points = {(point.preset, point.labelled): point for point in _in_file()}
    for name in pretrained_names():
        card = read_card(PRETRAINED / name)
        if card.accuracy is not None:
            labelled = int(card.training["model"]["labelled"])
            points[name, labelled] = LabelPoint(name, labelled, card.accuracy, card.steps, card.seed)
    return sorted(points.values())


def keep_label_point(point: LabelPoint) -> None:
    """Add a point to the file, in place of the one with its preset and number of labels."""
    kept = {(other.preset, other.labelled): other for other in _in_file()} | {(point.preset, point.labelled): point}
    lines = ",\n".join(f"  {json.dumps(asdict(each))}" for each in sorted(kept.values()))
    replace_file(LABEL_POINTS, f"[\n{lines}\n]\n".encode())


def _in_file() -> list[LabelPoint]:
    if not LABEL_POINTS.is_file():
        return []
    try:
        return [LabelPoint(**point) for point in json.loads(LABEL_POINTS.read_bytes())]
    except (OSError, ValueError, TypeError) as error:
        raise UserError(
            f"{LABEL_POINTS.name} cannot be read: remake it with `python -m training label-points`."
        ) from error
