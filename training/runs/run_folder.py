"""The run folder: the one truth about a training, read alike by every page, tab, command and restarted server.

    runs/<id>/config.json              what was asked for
              status.json              how far it is, with a heartbeat
              metrics.jsonl            one line per measurement, appended and flushed
              checkpoint.safetensors   the last sound weights, under the homework's names
              resume.pt                the same with optimiser and generator state
              stop                     there while it is being asked to stop
              grids/<step>.png         samples of one fixed noise
              reconstructions/<step>.png

What is written stands in `training.runs.run_writer`. This module is light (no torch) until a config is read.
"""

import json
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ValidationError

from training.system.errors import UserError
from training.system.folders import runs_folder

if TYPE_CHECKING:
    from training.runs.config import TrainConfig

__all__ = [
    "STOP",
    "UPLOADED",
    "MetricTable",
    "Run",
    "State",
    "Status",
    "is_run_id",
    "read_metrics",
    "read_status",
    "row_in",
]

State = Literal["queued", "running", "finished", "stopped", "failed", "interrupted"]
SILENT_SECONDS = 30.0
STOP = "stop"
UPLOADED = "These weights were uploaded: they were trained elsewhere."  # the message of such a run
_configs: dict[tuple[Path, int], "TrainConfig"] = {}  # by file and its last change: parsed once in this process
_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._=-]{0,99}")


def is_run_id(text: str) -> bool:
    """Whether a text can name a run; nothing that could leave the runs folder can."""
    return _RUN_ID.fullmatch(text) is not None


class Status(BaseModel):
    """How far a run is.

    `updated` is its heartbeat, in seconds since 1970; `owner` names the one writer that may resume it.
    """

    state: State
    step: int = 0
    steps: int
    seconds: float = 0.0
    message: str = ""
    updated: float = 0.0
    owner: str = ""

    @property
    def active(self) -> bool:
        return self.state in ("queued", "running")

    @property
    def steps_per_second(self) -> float:
        return self.step / self.seconds if self.seconds > 0 else 0.0


def read_status(folder: Path) -> Status | None:
    """A run's state now, without its config; a run whose heartbeat fell silent is `interrupted`.

    Returns:
        None where the status is missing or damaged.
    """
    try:
        status = Status.model_validate_json((folder / "status.json").read_bytes())
    except (OSError, ValidationError):
        return None
    if status.active and time.time() - status.updated > SILENT_SECONDS:
        return status.model_copy(update={"state": "interrupted"})
    return status


@dataclass(frozen=True)
class MetricTable:
    """A run's measurements of one split: steps, seconds and each term's values, all of one length."""

    steps: list[int]
    seconds: list[float]
    terms: dict[str, list[float]]


def read_metrics(file: Path, split: str) -> MetricTable:
    """The measurements of one split in a metrics.jsonl; damaged lines are skipped, a missing file is an empty one."""
    table = MetricTable([], [], {})
    try:
        lines = file.read_bytes().splitlines()
    except OSError:
        return table
    for line in lines:
        row = row_in(line)
        if row is None or row["split"] != split:
            continue
        table.steps.append(row["step"])
        table.seconds.append(row["seconds"])
        for name, value in row["terms"].items():
            table.terms.setdefault(name, []).append(value)
    return table


def row_in(line: bytes) -> dict[str, Any] | None:
    """The measurement in a line of metrics.jsonl; None where the line is damaged."""
    try:
        row = json.loads(line)
    except ValueError:
        return None
    if not isinstance(row, dict) or not isinstance(row.get("terms"), dict) or not isinstance(row.get("split"), str):
        return None
    numbers = [row.get("step"), row.get("seconds"), *row["terms"].values()]
    return row if all(isinstance(number, int | float) for number in numbers) else None


class Run:
    """A run folder, read.

    Raises:
        UserError: there is no run here, or its config cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        file = path / "config.json"
        try:
            read = (file, file.stat().st_mtime_ns)
            if read not in _configs:
                from training.runs.config import TrainConfig

                _configs[read] = TrainConfig.model_validate_json(file.read_bytes())
            self.config = _configs[read]
        except (OSError, ValidationError) as error:
            raise UserError(f"{path} holds no training run that can be read: choose another.") from error

    @classmethod
    def named(cls, run_id: str, folder: Path | None = None) -> "Run":
        """The run with this id in the runs folder; an id is never taken as a path.

        Raises:
            UserError: no such run.
        """
        if not is_run_id(run_id):
            raise UserError("There is no run of that name: choose one from the list.")
        return cls((folder or runs_folder()) / run_id)

    @property
    def id(self) -> str:
        return self.path.name

    def status(self) -> Status:
        """The run's state now; a run whose heartbeat fell silent is `interrupted`."""
        return read_status(self.path) or Status(state="interrupted", steps=self.config.steps)

    def metrics(self, split: str = "train") -> MetricTable:
        """The measurements of one split ("train" or "held-out")."""
        return read_metrics(self.metrics_file, split)

    def picture_steps(self, kind: str = "grids") -> list[int]:
        """Steps at which pictures of a kind ("grids" or "reconstructions") were kept, in order."""
        return sorted(int(path.stem) for path in (self.path / kind).glob("*.png") if path.stem.isdigit())

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

    def request_stop(self) -> None:
        """Ask whoever trains this run, here or elsewhere, to end after its current step."""
        (self.path / STOP).touch()

    @property
    def stopping(self) -> bool:
        """Whether it was asked to stop and has not yet."""
        return (self.path / STOP).exists()

    def require_resumable(self) -> None:
        """Make sure that there is something to resume from, and forget a stop request that went unheard.

        Raises:
            UserError: it is finished, or under way, or kept no state.
        """
        status = self.status()
        if status.state == "finished":
            raise UserError(f"Run {self.id} has done all its steps: start a new one with more.")
        if status.active:
            raise UserError(f"Run {self.id} is training now: wait, or stop it first.")
        if not self.resume_file.is_file():
            raise UserError(self._nothing_kept)
        (self.path / STOP).unlink(missing_ok=True)

    def resume_state(self) -> dict[str, Any]:
        """The state of the last `Saved` event.

        Raises:
            UserError: none was kept.
        """
        import torch

        try:
            with self.resume_file.open("rb") as file:
                state: dict[str, Any] = torch.load(file, map_location="cpu", weights_only=True)
        except Exception as error:  # a damaged pickle can fail in any way
            raise UserError(self._nothing_kept) from error
        return state

    @property
    def _nothing_kept(self) -> str:
        return f"Run {self.id} kept no state to resume from: start a new run."
