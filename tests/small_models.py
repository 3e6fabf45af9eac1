"""A small model of every family, for tests that hold for them all."""

from typing import Any

from models.contract import Model
from models.registry import FAMILIES

__all__ = ["SMALL", "small_model"]

SMALL: dict[str, Any] = {"z": 5, "hidden": (11, 13), "pixels": 16}
IN_COLOUR: dict[str, dict[str, Any]] = {
    "fsvae": SMALL | {"pixels": 48},
    "fsvae-conv": {"z": 5, "channels": (2, 3, 4), "width": 7, "pixels": 192},
}


def small_model(family: str) -> Model:
    """5 latent dimensions, seed 0: 16 pixels and hidden layers of 11 and 13, or for a colour family 48 or 192."""
    entry = FAMILIES[family]
    return entry.fresh(entry.config.model_validate(IN_COLOUR.get(family, SMALL)), seed=0)
