"""The run folder: the one truth about a training, read alike by every page, tab, command and restarted server.

    runs/<id>/config.json              what was asked for; a visitor's run is in runs/@<owner>/<id>/
              status.json              how far it is, with a heartbeat
              .lock                    held by the one process that writes this folder, for as long as it lives
              control.jsonl            what was asked of it since, a command a line: see `training.runs.control`
              changes.jsonl            settings that were changed while it ran, with their steps
              metrics.jsonl            one line per measurement, appended and flushed
              latent.jsonl             one line per look at the latent dimensions and the gradient
              step.json                the last step that was watched by itself, with its pictures in step/
              checkpoint.safetensors   the last sound weights, under the homework's names
              resume.pt                the same with optimiser and generator state; resume-before.pt the one before
              kept/<step>.safetensors  a few weights along the way
              start.safetensors        of a fork: the weights that it started with
              ancestry.jsonl           of a fork: what was measured before it, at steps up to 0
              grids/<step>.png         samples of one fixed noise
              reconstructions/<step>.png

What is written stands in `training.runs.run_writer`. This module is light (no torch) until a config is read.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from training.people.places import every_place, is_run_id, root_of
from training.people.rights import absent, find_run
from training.runs.control import Setting, commands_from
from training.system.errors import UserError
from training.system.files import open_plain, plain_file, plain_names
from training.system.json_lines import row_in, rows_of
from training.system.locks import is_held, this_machine
from training.system.remembered import Remembered

if TYPE_CHECKING:
    from training.runs.config import TrainConfig

__all__ = [
    "ANCESTRY",
    "RESUME_BEFORE",
    "START",
    "UPLOADED",
    "MetricTable",
    "Run",
    "State",
    "Status",
    "is_run_id",
    "measurement_in",
    "new_run_id",
    "read_changes",
    "read_metrics",
    "read_status",
    "steps_of",
]

State = Literal["queued", "running", "paused", "finished", "stopped", "failed", "interrupted"]
SILENT_SECONDS = 30.0
RESUME_BEFORE = "resume-before.pt"  # the state before the one in resume.pt, should that be damaged
START = "start.safetensors"
ANCESTRY = "ancestry.jsonl"
UPLOADED = "These weights were uploaded: they were trained elsewhere."  # the message of such a run
_configs: dict[tuple[Path, int], "TrainConfig"] = {}  # by file and its last change: parsed once in this process


class Status(BaseModel):
    """How far a run is.

    Attributes:
        queued: when it was queued, in seconds since 1970.
        pace: steps a second in slow motion; 0: as fast as it can.
        heard: how far into control.jsonl it has listened, in bytes.
        updated: its heartbeat, in seconds since 1970; `host` is the machine that gave it.
    """

    model_config = ConfigDict(allow_inf_nan=False)

    state: State
    step: int = Field(0, ge=0)
    steps: int = Field(ge=0)
    seconds: float = Field(0.0, ge=0)
    message: str = ""
    queued: float = 0.0
    pace: float = 0.0
    heard: int = Field(0, ge=0)
    updated: float = 0.0
    host: str = ""

    @property
    def active(self) -> bool:
        """It waits for its turn, trains or is paused."""
        return self.state in ("queued", "running", "paused")

    @property
    def steps_per_second(self) -> float:
        return self.step / self.seconds if self.seconds > 0 else 0.0


def read_status(folder: Path) -> Status | None:
    """A run's state now, without its config; one that trained and has no living writer any more is `interrupted`.

    Returns:
        None where the status is missing or damaged.
    """
    status = _written_status(folder / "status.json")
    if status is None:
        return None
    if status.state in ("running", "paused") and not _lives(folder, status):
        return status.model_copy(update={"state": "interrupted", "pace": 0.0})
    return status


def _status_in(file: Path) -> Status | None:
    try:
        with open_plain(file) as opened:
            return Status.model_validate_json(opened.read())
    except (OSError, ValidationError):
        return None


_written_status = Remembered(_status_in)


def _lives(folder: Path, status: Status) -> bool:
    """Whether the process that wrote this status is still there: its lock says it, on its own machine at once.

    Elsewhere, and where nothing can be locked, its heartbeat does; one from the future is none.
    """
    if status.host == this_machine() and (held := is_held(folder)) is not None:
        return held
    return abs(time.time() - status.updated) <= SILENT_SECONDS


@dataclass(frozen=True)
class MetricTable:
    """A run's measurements of one split: steps, seconds and each term's values, all of one length."""

    steps: list[int]
    seconds: list[float]
    terms: dict[str, list[float]]


def read_metrics(file: Path, split: str) -> MetricTable:
    """The measurements of one split in a metrics.jsonl; damaged lines are skipped, a missing file is an empty one."""
    table = MetricTable([], [], {})
    for row in rows_of(file):
        if not _is_measurement(row) or row["split"] != split:
            continue
        table.steps.append(row["step"])
        table.seconds.append(row["seconds"])
        for name, value in row["terms"].items():
            table.terms.setdefault(name, []).append(value)
    return table


def read_changes(folder: Path) -> list[dict[str, Any]]:
    """The settings that were changed while a run was trained: rows of `step`, `setting`, `value`, in order of steps."""
    rows = [row for row in rows_of(folder / "changes.jsonl") if _is_change(row)]
    return sorted(rows, key=lambda row: row["step"])


def _is_change(row: dict[str, Any]) -> bool:
    if row.keys() != {"step", "setting", "value"} or row["setting"] not in get_args(Setting):
        return False
    return isinstance(row["step"], int) and isinstance(row["value"], int | float) and isfinite(row["value"])


def measurement_in(line: bytes) -> dict[str, Any] | None:
    """The measurement in a line of metrics.jsonl; None where the line is damaged."""
    row = row_in(line)
    return row if row is not None and _is_measurement(row) else None


def _is_measurement(row: dict[str, Any]) -> bool:
    terms = row.get("terms")
    if not isinstance(terms, dict) or not isinstance(row.get("split"), str):
        return False
    return all(isinstance(number, int | float) for number in (row.get("step"), row.get("seconds"), *terms.values()))


class Run:
    """A run folder, read.

    Raises:
        UserError: there is no run here, or its config cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        file = path / "config.json"
        try:
            read = (file, file.lstat().st_mtime_ns)
            if read not in _configs:
                from training.runs.config import TrainConfig

                _configs[read] = TrainConfig.model_validate_json(plain_file(path, file.name))
            self.config = _configs[read]
        except (OSError, ValidationError) as error:
            raise UserError(f"{path} holds no training run that can be read: choose another.") from error

    @classmethod
    def named(cls, run_id: str, folder: Path | None = None) -> "Run":
        """The run with this id, as far as whoever asks may see it; an id is never taken as a path.

        Arguments:
            folder: the runs folder, if it is not the server's.

        Raises:
            UserError: no such run, or none that can be read.
        """
        if not is_run_id(run_id):
            raise UserError("There is no run of that name: choose one from the list.")
        path = find_run(run_id, folder)
        if path is None:
            raise absent(run_id)
        return cls(path)

    @property
    def id(self) -> str:
        return self.path.name

    def status(self) -> Status:
        """The run's state now; see `read_status`."""
        return read_status(self.path) or Status(state="interrupted", steps=self.config.steps)

    def metrics(self, split: str = "train") -> MetricTable:
        """The measurements of one split ("train" or "held-out")."""
        return read_metrics(self.metrics_file, split)

    def picture_steps(self, kind: str = "grids") -> list[int]:
        """Steps at which pictures of a kind ("grids" or "reconstructions") were kept, in order."""
        return steps_of(self.path / kind, ".png")

    def kept_steps(self) -> list[int]:
        """Steps whose weights were kept along the way, in order."""
        return steps_of(self.path / "kept", ".safetensors")

    def kept_file(self, step: int) -> Path:
        """The weights that were kept at a step."""
        return self.path / "kept" / f"{step}.safetensors"

    def picture(self, step: int, kind: str = "grids") -> Path:
        """The file of one kept picture."""
        return self.path / kind / f"{step}.png"

    @property
    def metrics_file(self) -> Path:
        return self.path / "metrics.jsonl"

    @property
    def checkpoint_file(self) -> Path:
        return self.path / "checkpoint.safetensors"

    @property
    def resume_file(self) -> Path:
        return self.path / "resume.pt"

    @property
    def stopping(self) -> bool:
        """Whether it was asked to stop and has not heard it yet."""
        status = self.status()
        asked, _ = commands_from(self.path, status.heard)
        return status.active and any(command.do == "stop" for command in asked)

    def require_resumable(self) -> None:
        """Make sure that there is something left to train.

        Raises:
            UserError: it is finished, or under way, or holds weights that were trained elsewhere.
        """
        status = self.status()
        if status.state == "finished":
            raise UserError(f"Run {self.id} has done all its steps: start a new one with more.")
        if status.active or is_held(self.path):
            raise UserError(f"Run {self.id} is training now: wait, or stop it first.")

    def resume_state(self) -> dict[str, Any] | None:
        """The state of the last `Saved` event that can be read; None where there is none: then it starts anew."""
        import torch

        for file in (self.resume_file, self.path / RESUME_BEFORE):
            try:
                with open_plain(file) as opened:
                    state: dict[str, Any] = torch.load(opened, map_location="cpu", weights_only=True)
                if state["step"] >= 0 and state["seconds"] >= 0 and {"model", "optimiser", "generator"} <= state.keys():
                    return state
            except Exception:  # a damaged pickle can fail in any way
                continue
        return None


def steps_of(folder: Path, suffix: str) -> list[int]:
    """The steps of which a folder holds files such as 500.png, in order."""
    stems = [name.removesuffix(suffix) for name in plain_names(folder) if name.endswith(suffix)]
    return sorted(int(stem) for stem in stems if stem.isascii() and stem.isdigit())


def new_run_id(preset: str, folder: Path) -> str:
    """A readable id that is free in everybody's runs: the preset and the time, such as vae-20260131-142501."""
    stem, places = f"{preset}-{datetime.now():%Y%m%d-%H%M%S}", every_place(root_of(folder))
    return next(name for name in _numbered(stem) if not any((place / name).exists() for place in places))


def _numbered(stem: str) -> Iterator[str]:
    yield stem
    yield from (f"{stem}-{number}" for number in range(2, 10_000))
