"""What a model is like without a part of its objective: trainings that were measured, and whose weights do not ship.

`pretrained/ablations.json` holds them. Each was made by two commands, `python -m training train PRESET --set ...` and
`python -m training evaluate RUN --json`. Light (no torch), for pages to read at once.
"""

import json
from dataclasses import dataclass
from typing import Any

from training.system.errors import UserError
from training.system.folders import PRETRAINED

__all__ = ["ABLATIONS", "Ablation", "read_ablations"]

ABLATIONS = PRETRAINED / "ablations.json"


@dataclass(frozen=True)
class Ablation:
    """One training and what it reached.

    Attributes:
        preset: the recipe that it is a part of.
        left_out: settings of the model that differ from the preset's.
        variance: of p(x|z, y).
        disentanglement: as `evaluate --json` gives it; what is not among it was not measured, and the weights are gone.
    """

    preset: str
    title: str
    left_out: dict[str, float]
    steps: int
    seed: int
    z: int
    variance: float
    disentanglement: dict[str, Any]


def read_ablations() -> list[Ablation]:
    """Every ablation that was measured.

    Raises:
        UserError: the file cannot be read.
    """
    try:
        return [Ablation(**entry) for entry in json.loads(ABLATIONS.read_bytes())]
    except (OSError, ValueError, TypeError) as error:
        raise UserError(f"{ABLATIONS.name} cannot be read: get it again with the app.") from error
