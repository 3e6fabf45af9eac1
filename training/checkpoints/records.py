"""What the folder of a model says of it: the card of a shipped one, the config of a run. Light (no torch)."""

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from training.data.seen import NOT_KNOWN
from training.system.remembered import Remembered

__all__ = ["facts_in", "learned_from", "record_in"]

EMPTY: Mapping[str, Any] = MappingProxyType({})


def record_in(folder: Path) -> Mapping[str, Any]:
    """The card of a shipped model or the config of a run; an empty one where neither can be read."""
    return _records(f"{folder}/card.json") or _records(f"{folder}/config.json") or EMPTY


def _read(file: Path) -> Mapping[str, Any]:
    try:
        return dict(json.loads(file.read_bytes()).items())
    except (OSError, ValueError, AttributeError, RecursionError):
        return EMPTY


_records = Remembered(_read)


def facts_in(folder: Path) -> Mapping[str, str]:
    """The texts in it, by name."""
    return {key: value for key, value in record_in(folder).items() if isinstance(value, str)}


def learned_from(folder: Path) -> str:
    """Name of the data set that the weights in a folder learned from, if its record of the training is there too.

    Weights that were trained elsewhere and kept here have none: then `NOT_KNOWN`.
    """
    return facts_in(folder).get("data", NOT_KNOWN) if (folder / "metrics.jsonl").is_file() else NOT_KNOWN
