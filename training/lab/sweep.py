"""Several runs in one go: a text such as "beta: 0.5, 1, 2, 4; seed: 0-4" stands for every combination of its values."""

import re
from collections.abc import Mapping
from itertools import product
from typing import Any

from models.registry import PRESETS
from training.runs.config import TrainConfig
from training.system.errors import UserError, one_of

__all__ = ["MOST_RUNS", "sweep", "values_in"]

MOST_RUNS = 64
_RANGE = re.compile(r"(\d+)\s*[-–]\s*(\d+)")


def sweep(preset: str, text: str, changes: Mapping[str, Any]) -> list[TrainConfig]:
    """The configs of a sweep, the last field's values varying fastest.

    Arguments:
        text: fields with their values; a field is known by its name or its title.
        changes: what else differs from the preset's recipe; see `TrainConfig.from_preset`.

    Raises:
        UserError: no such field, no values, too many runs, or a value out of range.
    """
    fields = _fields(preset)
    values: dict[str, list[str]] = {}
    for part in filter(None, (part.strip() for part in text.split(";"))):
        name, colon, listed = part.partition(":")
        field = fields.get(_plain(name))
        if not colon or field is None:
            raise UserError(
                f'A sweep is written like "seed: 0-4; z: 2, 5, 10", and {part!r} names none of '
                f"{one_of(sorted(set(fields.values())))}."
            )
        values[field] = values_in(listed)
    runs = 1
    for each in values.values():
        runs *= len(each)
    if runs > MOST_RUNS:
        raise UserError(f"That would be {runs:,} runs, and at most {MOST_RUNS} start in one go: leave some values out.")
    return [_config(preset, dict(zip(values, chosen, strict=True)), changes) for chosen in product(*values.values())]


def values_in(text: str) -> list[str]:
    """Values with commas between them; "0-4" stands for five whole numbers.

    Raises:
        UserError: there is none.
    """
    found = list[str]()
    for word in filter(None, (word.strip() for word in text.split(","))):
        if (span := _RANGE.fullmatch(word)) is not None:
            first, last = int(span[1]), int(span[2])
            if last < first or last - first >= MOST_RUNS:
                raise UserError(f"A range goes up and has at most {MOST_RUNS} numbers, and {word!r} does not.")
            found += map(str, range(first, last + 1))
        else:
            found.append(word)
    if not found:
        raise UserError('A sweep needs values after each colon, such as "seed: 0-4".')
    return list(dict.fromkeys(found))


def _config(preset: str, chosen: Mapping[str, str], changes: Mapping[str, Any]) -> TrainConfig:
    architecture = {name for name, field in type(PRESETS[preset].model).model_fields.items() if field.title}
    model = dict(changes.get("model") or {}) | {name: value for name, value in chosen.items() if name in architecture}
    own = {name: value for name, value in chosen.items() if name not in architecture}
    return TrainConfig.from_preset(preset, **{**changes, "model": model or None, **own})


def _fields(preset: str) -> dict[str, str]:
    """Every field that a person may change, by its name and by its title."""
    found = dict[str, str]()
    for settings in (TrainConfig, type(PRESETS[preset].model)):
        for name, field in settings.model_fields.items():
            if field.title:
                found |= {_plain(name): name, _plain(field.title): name}
    return found


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", " ", name).strip().lower()
