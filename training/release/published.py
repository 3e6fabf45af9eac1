"""Published numbers, to compare ours with: from published.json, one line each. Light (no torch)."""

import json
from dataclasses import dataclass, field
from pathlib import Path

__all__ = [
    "ACCURACIES",
    "REFERENCES",
    "REFERENCE_DATA",
    "REFERENCE_SET",
    "AccuracyReference",
    "Reference",
    "models_with_bounds",
]


@dataclass(frozen=True)
class Reference:
    """A published row of numbers on the homework set, in nats per image.

    Attributes:
        source: the student report that this app reproduces, with its problem, or the course's reference solution.
        model: the preset that reproduces them.
        niwae: by m; empty where the row has no bounds.
        deviations: standard deviations over trainings, by the quantity's name, where they were published.
        note: what has to be known of it.
    """

    source: str
    model: str
    nelbo: float
    kl: float
    rec: float
    niwae: dict[str, float]
    deviations: dict[str, float] = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True)
class AccuracyReference:
    """A published accuracy on the 10,000 test digits; `deviation` is over trainings, where it was published."""

    source: str
    model: str
    accuracy: float
    deviation: float | None = None


_ROWS = json.loads(Path(__file__).with_suffix(".json").read_bytes())
REFERENCE_DATA, REFERENCE_SET = _ROWS["data"], _ROWS["set"]  # on which all of them were measured
REFERENCES = tuple(Reference(**row) for row in _ROWS["bounds"])
ACCURACIES = tuple(AccuracyReference(**row) for row in _ROWS["accuracies"])


def models_with_bounds() -> list[str]:
    """The presets whose bounds were published, the homework's first one first."""
    return list(dict.fromkeys(reference.model for reference in REFERENCES))
