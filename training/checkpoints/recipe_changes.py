"""What a run changed in its recipe, in a few words: from its config and the recipe's card, before torch is loaded.

Settings of the model have the names that `--set` takes; of a recipe without a card nothing is known, and all are said.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from training.checkpoints.records import learned_from, record_in
from training.data.registry import DATA_SETS, default_data_set
from training.system.folders import PRETRAINED
from training.system.number_format import signed

__all__ = ["changes_in_words"]

MOST = 4
OF_THE_DATA = ("pixels", "y")  # sizes that nobody chooses
TRAINING = {
    "steps": "{:,} steps",
    "batch_size": "batches of {:,}",
    "learning_rate": "learning rate {:g}",
    "cooldown": "cooldown {:.0%}",
}
_PRESET = re.compile(r"[a-z0-9][a-z0-9.-]{0,60}")
_SETTING = re.compile(r"[a-z_]{1,30}")


def changes_in_words(folder: Path) -> str:
    """Such as "z 2, β 7, 500 steps": first the model's settings, then the data and the training's; "" if none.

    Arguments:
        folder: of the run; where its config cannot be read, nothing is known to differ.
    """
    config = record_in(folder)
    preset = str(config.get("preset"))
    card = record_in(PRETRAINED / preset) if _PRESET.fullmatch(preset) else {}
    recipe = _mapping(card.get("training"))
    changes = [*_of_model(_mapping(config.get("model")), _mapping(recipe.get("model")))]
    if learned_from(folder):  # else nobody knows of its training
        changes += [*_of_data(config, card), *_of_training(config, recipe)]
    left = len(changes) - MOST
    return ", ".join(changes[:MOST]) + (f" and {left} more" if left > 0 else "")


def _of_model(own: Mapping[str, Any], recipe: Mapping[str, Any]) -> Iterator[str]:
    for name, value in own.items():
        if not _SETTING.fullmatch(name) or name in OF_THE_DATA:
            continue
        if not recipe or recipe.get(name, value) != value:
            numbers = value if isinstance(value, list) else [value]
            if 0 < len(numbers) <= MOST and all(map(_is_number, numbers)):
                yield f"{_in_words(name)} {' × '.join(signed(number, 'g') for number in numbers)}"


def _of_data(config: Mapping[str, Any], card: Mapping[str, Any]) -> Iterator[str]:
    data = DATA_SETS.get(str(config.get("data")))
    if data is not None and data.name != (card.get("data") or default_data_set(data.images).name):
        yield data.title


def _of_training(config: Mapping[str, Any], recipe: Mapping[str, Any]) -> Iterator[str]:
    for name, words in TRAINING.items():
        value = config.get(name, 0)
        if recipe and _is_number(value) and value != recipe.get(name, 0):
            yield words.format(value)
    if _is_number(seed := config.get("seed", 0)) and seed:  # recipes leave it open, and a training takes 0
        yield f"seed {seed:,}"


def _in_words(name: str) -> str:
    return "β" if name == "beta" else name.replace("_", " ")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e15


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
