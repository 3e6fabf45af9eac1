"""What a page, an address, a table and the command line mean by "this model". Light (no torch)."""

import re
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from training.checkpoints.recipe_changes import changes_in_words
from training.checkpoints.records import facts_in, learned_from, name_in, record_in
from training.data.seen import NOT_KNOWN
from training.people.places import is_run_id
from training.people.rights import find_run
from training.system.folders import PRETRAINED, runs_folder

__all__ = ["ModelRef", "Origin", "model_ref", "run_called"]

Origin = Literal["shipped", "run", "upload"]
_RUN = re.compile(r"run ([A-Za-z0-9][A-Za-z0-9._=-]{0,99})(?: \(.*\)| “.*”)?", re.DOTALL)


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
        """Its key in pickers and links, which never changes, such as "shipped vae"."""
        return f"{self.origin} {self.name}"

    @property
    def label(self) -> str:
        """What people read: its title, and what tells a run apart: its given name, or what it changed in its recipe.

        Such as "run vae-7 “a wide one”" or "run vae-7 (z 2, 500 steps)". A stranger may have written the name.
        """
        if self.origin == "run" and (name := name_in(self.path.parent)):
            return f"run {self.name} “{name}”"
        changes = changes_in_words(self.path.parent) if self.origin == "run" else ""
        return f"{self.origin} {self.name}" + (f" ({changes})" if changes else "")

    @property
    def latent_dimensions(self) -> int | None:
        """How many numbers its z has; None where its folder does not say."""
        record = record_in(self.path.parent)
        settings = record.get("training", record)
        z = settings.get("model", {}).get("z") if isinstance(settings, dict) else None
        return z if isinstance(z, int) else None

    @property
    def learned_from(self) -> str:
        """Name of the data set of its training; `NOT_KNOWN` if it was trained elsewhere."""
        return NOT_KNOWN if self.origin == "upload" else learned_from(self.path.parent)

    @property
    def shipped(self) -> str:
        """Its name if it ships with the app, else ""."""
        return self.name if self.origin == "shipped" else ""


def model_ref(origin: Literal["shipped", "run"], name: str) -> ModelRef:
    """A model that ships with the app, or a run that whoever asks may see, by the name of its folder."""
    if origin == "shipped":
        file = PRETRAINED / name / "model.safetensors"
    else:
        found = find_run(name) or runs_folder() / (name if is_run_id(name) else "no-such-run")
        file = found / "checkpoint.safetensors"
    facts = facts_in(file.parent)
    sha256 = facts.get("sha256", "") if origin == "shipped" else ""
    changed = 0
    with suppress(OSError):  # reading says why
        changed = file.stat().st_mtime_ns
    return ModelRef(origin, name, file, facts.get("family", ""), facts.get("data", ""), sha256, changed)


def run_called(text: str) -> ModelRef | None:
    """The run that a title or a label names, an older one too; None for any other text, and where there is none."""
    named = _RUN.fullmatch(text)
    ref = model_ref("run", named[1]) if named else None
    return ref if ref is not None and ref.family else None
