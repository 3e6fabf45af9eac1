"""What the folder of a model says of it: the card of a shipped one, the config of a run. Light (no torch)."""

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from training.data.seen import NOT_KNOWN
from training.system.files import open_plain
from training.system.remembered import Remembered

__all__ = ["LONGEST_NAME", "NOTES_FILE", "facts_in", "learned_from", "name_in", "preset_in", "record_in"]

NOTES_FILE = "about.json"  # what people say of a run
LONGEST_NAME, MOST_BYTES = 80, 64 * 1024

EMPTY: Mapping[str, Any] = MappingProxyType({})


def record_in(folder: Path) -> Mapping[str, Any]:
    """The card of a shipped model or the config of a run; an empty one where neither can be read."""
    return _records(f"{folder}/card.json") or _records(f"{folder}/config.json") or EMPTY


def _read(file: Path) -> Mapping[str, Any]:
    try:
        with open_plain(file) as opened:
            return dict(json.loads(opened.read()).items())
    except (OSError, ValueError, AttributeError, RecursionError):
        return EMPTY


_records = Remembered(_read)


def facts_in(folder: Path) -> Mapping[str, str]:
    """The texts in it, by name."""
    return {key: value for key, value in record_in(folder).items() if isinstance(value, str)}


def preset_in(folder: Path) -> str:
    """The recipe that the model in a folder was trained by; "" where its folder does not say."""
    return facts_in(folder).get("preset", "")


def name_in(folder: Path) -> str:
    """The name that somebody gave to the run in a folder, as one line; "" where nobody did."""
    return _names(f"{folder}/{NOTES_FILE}") or ""


def _read_name(file: Path) -> str:
    try:
        with open_plain(file) as opened:
            said = json.loads(opened.read(MOST_BYTES))
    except (OSError, ValueError, RecursionError):
        return ""
    name = said.get("name") if isinstance(said, dict) else None
    printable = "".join(letter if letter.isprintable() else " " for letter in name) if isinstance(name, str) else ""
    return " ".join(printable[:LONGEST_NAME].split())


_names = Remembered(_read_name)


def learned_from(folder: Path) -> str:
    """Name of the data set that the weights in a folder learned from, if its record of the training is there too.

    Weights that were trained elsewhere and kept here have none: then `NOT_KNOWN`.
    """
    return facts_in(folder).get("data", NOT_KNOWN) if (folder / "metrics.jsonl").is_file() else NOT_KNOWN
