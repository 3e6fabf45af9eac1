"""What a table says of many trainings, without opening one: settings, state, newest numbers. Light (no torch).

Of a thousand runs only those are read again whose files have changed.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from training.data.registry import DATA_SETS, whole
from training.lab.run_index import notes_of, run_folders
from training.lab.run_notes import RunNotes
from training.runs.run_folder import MetricTable, State, Status, measurement_in, read_metrics, read_status
from training.system.files import open_plain
from training.system.folders import PRETRAINED, pretrained_names
from training.system.remembered import Remembered

__all__ = ["RunSummary", "differing", "metrics_of", "run_summaries", "run_summary", "shipped_summaries"]

TAIL_BYTES = 32 * 1024  # holds a held-out measurement and all training ones after it
MOST_BYTES = 256 * 1024  # of a config
DAMAGED = (
    "Its config.json is damaged, so no one knows which model it is: put the file back from a copy, or delete the run. "
    "Its weights are still in its folder."
)
UNSAID = ("preset", "family", "data", "model", "steps", "device", "precision", "pixels", "y")


@dataclass(frozen=True)
class RunSummary:
    """A run of this server, or the training of a shipped model.

    Attributes:
        settings: what its numbers depend on, by name as the command line has it; not its recipe, data and steps.
        steps: how many it takes in all; `step` of them are done, in `seconds` of training.
        terms: its newest measurement on held-out images; empty before the first.
        train_images: of its data set; 0 where that is not known here.
    """

    origin: Literal["shipped", "run"]
    id: str
    path: Path
    recipe: str
    family: str
    data: str
    settings: Mapping[str, str]
    batch_size: int
    steps: int
    state: State | Literal["shipped"]
    step: int
    seconds: float
    message: str
    terms: Mapping[str, float]
    notes: RunNotes

    @property
    def title(self) -> str:
        """As `ModelRef.title`: what pickers and addresses call it."""
        return f"{self.origin} {self.id}"

    @property
    def label(self) -> str:
        """What people call it: the name that somebody gave it, or its id."""
        return self.notes.name or (f"shipped {self.id}" if self.origin == "shipped" else self.id)

    @property
    def active(self) -> bool:
        return self.state in ("queued", "running")

    @property
    def train_images(self) -> int:
        return DATA_SETS[self.data].train_images if self.data in DATA_SETS else 0

    @property
    def scale(self) -> str:
        """Whose NELBOs can be compared with its own, in words: those of the same images under the same likelihood."""
        images = whole(self.data).title if self.data in DATA_SETS else self.data
        variance = self.settings.get("variance")
        return f"{images}, variance {variance}" if variance else images

    @property
    def but_its_seed(self) -> tuple[object, ...]:
        """Equal for runs that differ in their seed alone."""
        settings = {name: value for name, value in self.settings.items() if name != "seed"}
        return self.recipe, self.family, self.data, self.steps, tuple(sorted(settings.items()))


def run_summaries(folder: Path | None = None) -> list[RunSummary]:
    """Every run that whoever asks may see, the one that changed last first.

    Those in the bin are left out.
    """
    found = map(run_summary, run_folders(folder))
    return [each for each in found if each is not None]


def run_summary(path: Path) -> RunSummary | None:
    """The run in a folder; None where there is none. One whose config is damaged says so, and nothing of its model."""
    asked, status = _configs(f"{path}/config.json"), _status(path)
    if asked is None:
        return None if status is None else _damaged(path, status)
    status = status or Status(state="interrupted", steps=asked["steps"])
    return _summary("run", path, asked, status.state, status)


def _damaged(path: Path, status: Status) -> RunSummary:
    nothing = {"preset": "", "family": "", "data": "", "settings": {}, "batch_size": 1, "steps": max(status.steps, 1)}
    status = status.model_copy(update={"message": DAMAGED})
    return replace(_summary("run", path, nothing, "failed", status), terms={})


def shipped_summaries() -> list[RunSummary]:
    """The trainings of the models that ship with the app; those whose card can be read."""
    found = (_of_shipped(PRETRAINED / name) for name in pretrained_names())
    return [each for each in found if each is not None]


def metrics_of(path: Path, split: str) -> MetricTable:
    """A training's measurements of one split, read again only when they have changed."""
    return (_tables[split](path / "metrics.jsonl")) or MetricTable([], [], {})


def differing(runs: Iterable[RunSummary]) -> dict[str, list[str]]:
    """For each run, by its title, the settings in which runs of its recipe differ, the seed last.

    A model that ships stands among the runs of its recipe. What an older run does not say, it does not differ in.
    """
    by_recipe: dict[str, list[RunSummary]] = {}
    for run in runs:
        by_recipe.setdefault(run.recipe, []).append(run)
    found: dict[str, list[str]] = {}
    for kin in by_recipe.values():
        names = dict.fromkeys(name for run in kin for name in run.settings)
        differ = [name for name in names if len({run.settings[name] for run in kin if name in run.settings}) > 1]
        differ.sort(key=lambda name: name == "seed")
        found.update({run.title: [name for name in differ if name in run.settings] for run in kin})
    return found


def _of_shipped(path: Path) -> RunSummary | None:
    asked = _cards(path / "card.json")
    if asked is None:
        return None
    done = Status(state="finished", step=asked["steps"], steps=asked["steps"])
    return _summary("shipped", path, asked, "shipped", done)


def _summary(
    origin: Literal["shipped", "run"],
    path: Path,
    asked: Mapping[str, Any],
    state: State | Literal["shipped"],
    status: Status,
) -> RunSummary:
    return RunSummary(
        origin=origin,
        id=path.name,
        path=path,
        recipe=asked["preset"],
        family=asked["family"],
        data=asked["data"],
        settings=asked["settings"],
        batch_size=asked["batch_size"],
        steps=asked["steps"],
        state=state,
        step=status.step,
        seconds=status.seconds,
        message=status.message,
        terms=_newest(f"{path}/metrics.jsonl") or {},
        notes=notes_of(path),
    )


def _status(path: Path) -> Status | None:
    """A run's state now: an ended one is remembered, one under way may have fallen silent since."""
    kept = _statuses(f"{path}/status.json")
    return read_status(path) if kept is not None and kept.active else kept


def _asked(file: Path) -> dict[str, Any] | None:
    """The settings in a config; None where it is not one."""
    try:
        with open_plain(file) as opened:
            return _checked(json.loads(opened.read(MOST_BYTES)))
    except (OSError, ValueError, RecursionError):
        return None


def _of_card(file: Path) -> dict[str, Any] | None:
    try:
        return _checked(json.loads(file.read_bytes())["training"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _checked(config: Any) -> dict[str, Any] | None:
    texts, model = ("preset", "family", "data"), config.get("model") if isinstance(config, dict) else None
    if not isinstance(model, dict) or not all(isinstance(config.get(name), str) for name in texts):
        return None
    steps, batch_size = config.get("steps"), config.get("batch_size", 100)
    if not all(isinstance(count, int) and count > 0 for count in (steps, batch_size)):
        return None
    every = {"seed": 0, "cooldown": 0, **model, **config}  # older configs leave these out
    said = {name: _written(value) for name, value in every.items() if name not in UNSAID}
    chosen = {name: config[name] for name in texts}
    return {**chosen, "steps": steps, "batch_size": batch_size, "settings": {k: v for k, v in said.items() if v}}


def _written(value: object) -> str:
    """A setting as the command line writes it; "" for what is none."""
    if isinstance(value, list | tuple):
        return ",".join(map(_written, value))
    if isinstance(value, str):
        return value[:40]
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, int | float) else ""


def _last_held_out(file: Path) -> Mapping[str, float]:
    try:
        with open_plain(file) as opened:
            size = opened.seek(0, 2)
            opened.seek(max(0, size - TAIL_BYTES))
            lines = opened.read().splitlines()
    except OSError:
        return {}
    rows = (measurement_in(line) for line in reversed(lines))
    return next((row["terms"] for row in rows if row is not None and row["split"] == "held-out"), {})


_configs, _cards, _newest = Remembered(_asked), Remembered(_of_card), Remembered(_last_held_out)
_statuses = Remembered(lambda file: read_status(file.parent))
_tables = {
    split: Remembered(lambda file, split=split: read_metrics(file, split), most=64)  # type: ignore[misc]
    for split in ("train", "held-out")
}
