"""What the folder of a model says of it: the card of a shipped one, the config of a run. Light (no torch)."""

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from training.data.seen import NOT_KNOWN

__all__ = ["facts_in", "learned_from", "record_in"]

_records: dict[Path, tuple[int, Mapping[str, Any]]] = {}


def record_in(folder: Path) -> Mapping[str, Any]:
    """The card of a shipped model or the config of a run; an empty one where neither can be read."""
    for name in ("card.json", "config.json"):
        file = folder / name
        with suppress(OSError, ValueError, AttributeError, RecursionError):
            changed = file.stat().st_mtime_ns
            if _records.get(file, (0, {}))[0] != changed:  # read once for as long as it is unchanged
                _records[file] = changed, dict(json.loads(file.read_bytes()).items())
            return _records[file][1]
    return {}


def facts_in(folder: Path) -> Mapping[str, str]:
    """The texts in it, by name."""
    return {key: value for key, value in record_in(folder).items() if isinstance(value, str)}


def learned_from(folder: Path) -> str:
    """Name of the data set that the weights in a folder learned from, if its record of the training is there too.

    Weights that were trained elsewhere and kept here have none: then `NOT_KNOWN`.
    """
    return facts_in(folder).get("data", NOT_KNOWN) if (folder / "metrics.jsonl").is_file() else NOT_KNOWN
