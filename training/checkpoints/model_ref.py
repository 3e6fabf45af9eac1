"""What a page, an address, a table and the command line mean by "this model". Light (no torch)."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from training.data.seen import NOT_KNOWN
from training.system.folders import PRETRAINED, runs_folder

__all__ = ["ModelRef", "Origin", "facts_in", "learned_from", "model_ref"]

Origin = Literal["shipped", "run", "upload"]
_texts: dict[Path, tuple[int, Mapping[str, str]]] = {}


@dataclass(frozen=True)
class ModelRef:
    """A model that can be chosen, before its weights are read.

    Attributes:
        origin: it ships with the app, was trained on this server, or is a visitor's own file.
        name: of the shipped model, of the run or of the file.
        path: the file of its weights; a run has none before it first saves.
        family: the name of its family; "" where its folder does not say.
        data: the name of the data set that it was trained on; "" where its folder does not say.
        sha256: of its weights, where that is known before they are read: a run's change while it trains.
        changed: when its weights last changed, in nanoseconds since 1970; 0 while there are none.
    """

    origin: Origin
    name: str
    path: Path
    family: str = ""
    data: str = ""
    sha256: str = ""
    changed: int = field(default=0, compare=False)

    @property
    def title(self) -> str:
        """What pickers, tables and addresses call it, such as "shipped vae"."""
        return f"{self.origin} {self.name}"

    @property
    def learned_from(self) -> str:
        """Name of the data set of its training; `NOT_KNOWN` if it was trained elsewhere."""
        return NOT_KNOWN if self.origin == "upload" else learned_from(self.path.parent)

    @property
    def shipped(self) -> str:
        """Its name if it ships with the app, else ""."""
        return self.name if self.origin == "shipped" else ""


def model_ref(origin: Literal["shipped", "run"], name: str) -> ModelRef:
    """A model that ships with the app, or a run of this server, by the name of its folder."""
    if origin == "shipped":
        file = PRETRAINED / name / "model.safetensors"
    else:
        file = runs_folder() / name / "checkpoint.safetensors"
    facts = facts_in(file.parent)
    sha256 = facts.get("sha256", "") if origin == "shipped" else ""
    changed = 0
    with suppress(OSError):  # reading says why
        changed = file.stat().st_mtime_ns
    return ModelRef(origin, name, file, facts.get("family", ""), facts.get("data", ""), sha256, changed)


def learned_from(folder: Path) -> str:
    """Name of the data set that the weights in a folder learned from, if its record of the training is there too.

    Weights that were trained elsewhere and kept here have none: then `NOT_KNOWN`.
    """
    return facts_in(folder).get("data", NOT_KNOWN) if (folder / "metrics.jsonl").is_file() else NOT_KNOWN


def facts_in(folder: Path) -> Mapping[str, str]:
    """The texts in the card of a shipped model or the config of a run, by name; none where neither can be read."""
    for name in ("card.json", "config.json"):
        file = folder / name
        with suppress(OSError, ValueError, AttributeError, RecursionError):
            changed = file.stat().st_mtime_ns
            if _texts.get(file, (0, {}))[0] != changed:  # read once for as long as it is unchanged
                found = json.loads(file.read_bytes()).items()
                _texts[file] = changed, {key: value for key, value in found if isinstance(value, str)}
            return _texts[file][1]
    return {}
