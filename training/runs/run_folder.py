"""The run folder: the one truth about a training, read alike by every page, tab, command and restarted server.

    runs/<id>/config.json              what was asked for
              status.json              how far it is, with a heartbeat
              metrics.jsonl            one line per measurement, appended and flushed
              checkpoint.safetensors   the last sound weights, under the homework's names
              resume.pt                the same with optimiser and generator state
              stop                     there while it is being asked to stop
              grids/<step>.png         samples of one fixed noise
              reconstructions/<step>.png

Files are replaced whole (written beside, synced, renamed), so a torn write never costs the last good one.
"""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

import numpy as np
import torch
from pydantic import BaseModel, ValidationError

from training.checkpoints.reading import Checkpoint, write_safetensors
from training.pictures import grids as pictures
from training.runs.config import TrainConfig
from training.runs.run_index import SILENT_SECONDS, is_run_id, run_ids
from training.runs.trainer import Event, Measured, Pictures, Saved
from training.system.errors import UserError
from training.system.files import replace_file, replacing
from training.system.folders import runs_folder

__all__ = [
    "Run",
    "RunTakenOver",
    "RunWriter",
    "State",
    "Status",
    "keep_as_run",
    "list_runs",
    "mark_failed",
    "new_run_id",
    "read_metrics",
]

State = Literal["queued", "running", "finished", "stopped", "failed", "interrupted"]
HEARTBEAT_SECONDS = 1.0
LOOK_SECONDS = 0.1
STOP = "stop"


class Status(BaseModel):
    """How far a run is.

    `updated` is its heartbeat, in seconds since 1970; `owner` names the one writer that may go on with it.
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


def new_run_id(preset: str, folder: Path) -> str:
    """A readable id that is free in `folder`: the preset and the time, such as vae-20260131-142501."""
    stem = f"{preset}-{datetime.now():%Y%m%d-%H%M%S}"
    return next(name for name in _numbered(stem) if not (folder / name).exists())


def _numbered(stem: str) -> Iterator[str]:
    yield stem
    yield from (f"{stem}-{number}" for number in range(2, 10_000))


def list_runs(folder: Path | None = None) -> list["Run"]:
    """Every readable run in a folder, newest first."""
    folder = folder or runs_folder()
    runs = []
    for run_id in run_ids(folder):
        try:
            runs.append(Run(folder / run_id))
        except UserError:
            continue  # a folder that is not a run of ours is nobody's error
    return runs


@dataclass(frozen=True)
class MetricTable:
    """A run's measurements of one split: steps, seconds and each term's values, all of one length."""

    steps: list[int]
    seconds: list[float]
    terms: dict[str, list[float]]


def read_metrics(file: Path, split: str) -> MetricTable:
    """The measurements of one split in a metrics.jsonl; torn lines are skipped, a missing file is an empty one."""
    table = MetricTable([], [], {})
    try:
        lines = file.read_bytes().splitlines()
    except OSError:
        return table
    for line in lines:
        row = _row(line)
        if row is None or row["split"] != split:
            continue
        table.steps.append(row["step"])
        table.seconds.append(row["seconds"])
        for name, value in row["terms"].items():
            table.terms.setdefault(name, []).append(value)
    return table


class Run:
    """A run folder, read.

    Raises:
        UserError: there is no run here, or its config cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            text = (path / "config.json").read_text(encoding="utf-8")
            self.config = TrainConfig.model_validate_json(text)
        except (OSError, ValidationError, UnicodeDecodeError) as error:
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
        try:
            status = Status.model_validate_json((self.path / "status.json").read_bytes())
        except (OSError, ValidationError):
            return Status(state="interrupted", steps=self.config.steps)
        if status.active and time.time() - status.updated > SILENT_SECONDS:
            return status.model_copy(update={"state": "interrupted"})
        return status

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

    def request_stop(self) -> None:
        """Ask whoever trains this run, here or elsewhere, to end after its current step."""
        (self.path / STOP).touch()

    @property
    def stopping(self) -> bool:
        """Whether it was asked to stop and has not yet."""
        return (self.path / STOP).exists()

    def require_resumable(self) -> None:
        """Make sure that training can go on from the last kept state, and forget a stop request that went unheard.

        Raises:
            UserError: it is finished, or under way, or kept no state.
        """
        status = self.status()
        if status.state == "finished":
            raise UserError(f"Run {self.id} has done all its steps: start a new one with more.")
        if status.active:
            raise UserError(f"Run {self.id} is training now: wait, or stop it first.")
        self.resume_state()
        (self.path / STOP).unlink(missing_ok=True)

    def resume_state(self) -> dict[str, Any]:
        """The state of the last `Saved` event.

        Raises:
            UserError: none was kept.
        """
        try:
            with (self.path / "resume.pt").open("rb") as file:
                state: dict[str, Any] = torch.load(file, map_location="cpu", weights_only=True)
        except Exception as error:  # a torn pickle can fail in any way
            raise UserError(f"Run {self.id} kept no state to resume from: start a new run.") from error
        return state


def mark_failed(run: Run, message: str) -> None:
    """Write a failure into a run whose own writer is gone."""
    status = run.status().model_copy(update={"state": "failed", "message": message, "updated": time.time()})
    replace_file(run.path / "status.json", status.model_dump_json().encode())
    (run.path / STOP).unlink(missing_ok=True)


def keep_as_run(checkpoint: Checkpoint, folder: Path | None = None) -> Run:
    """Make a finished run of weights that were trained elsewhere, so that they are still there tomorrow.

    Raises:
        UserError: the runs folder cannot be written.
    """
    folder = folder or runs_folder()
    preset = checkpoint.family.presets[0].name
    steps = checkpoint.step or 1
    config = TrainConfig.from_preset(preset, model=checkpoint.config, data=checkpoint.data, steps=steps)
    path = folder / new_run_id(f"{preset}-handed-in", folder)
    writer = RunWriter(path, config)
    try:
        write_safetensors(
            path / "checkpoint.safetensors",
            checkpoint.state,
            family=checkpoint.family.name,
            config=checkpoint.config,
            step=steps,
            data=config.data,
        )
        writer.update(state="finished", step=steps, message="These weights were handed in, trained elsewhere.")
    except OSError as error:
        raise UserError(f"The run cannot be written ({error.strerror}): free some space and try again.") from error
    return Run(path)


class RunTakenOver(UserError):
    """Somebody else resumed this run; whoever wrote it before must not write any more."""


class RunWriter:
    """Writes one run's folder while it trains: give `record` to the training loop.

    Arguments:
        resume: go on with the run that is there, from its last kept state or, if none was kept yet, from its start.

    Raises:
        UserError: the folder cannot be written, or holds something else.
    """

    def __init__(self, path: Path, config: TrainConfig, *, resume: bool = False) -> None:
        self.path, self.config = path, config
        self._status = Status(state="queued", steps=config.steps, owner=uuid4().hex)
        self._looked, self._stop_seen = 0.0, False
        try:
            if resume:
                if (path / "resume.pt").exists():
                    state = Run(path).resume_state()
                    self._status.step, self._status.seconds = state["step"], state["seconds"]
                    self._forget_after(state["step"])
            else:
                if path.exists() and any(path.iterdir()):
                    raise UserError(f"{path} is not empty: choose a new folder, so that nothing is lost.")
                path.mkdir(parents=True, exist_ok=True)
                replace_file(path / "config.json", config.model_dump_json(indent=2).encode())
            for kind in ("grids", "reconstructions"):
                (path / kind).mkdir(exist_ok=True)
            self._write_status(state="queued")
        except OSError as error:
            raise UserError(
                f"The run folder {path} cannot be written ({error.strerror}): choose another folder."
            ) from error

    def record(self, event: Event) -> None:
        """Keep an event of the training loop."""
        if isinstance(event, Measured):
            self._append(event)
            if event.split == "train":
                self.beat(step=event.step, seconds=event.seconds)
        elif isinstance(event, Pictures):
            self._keep_pictures(event)
        else:
            self._keep_state(event)

    def update(self, **changes: Any) -> Status:
        """Change the status, write it and return it.

        Raises:
            RunTakenOver: another writer has gone on with this run, after a silence of this one.
        """
        try:
            owner = Status.model_validate_json((self.path / "status.json").read_bytes()).owner
        except (OSError, ValidationError):
            owner = self._status.owner
        if owner != self._status.owner:
            raise RunTakenOver(f"Run {self.path.name} was taken over by another training: watch that one.")
        return self._write_status(**changes)

    def _write_status(self, **changes: Any) -> Status:
        if changes.get("state", "running") not in ("queued", "running"):
            (self.path / STOP).unlink(missing_ok=True)
        self._status = self._status.model_copy(update={**changes, "updated": time.time()})
        replace_file(self.path / "status.json", self._status.model_dump_json().encode(), sync=False)
        return self._status

    def beat(self, **progress: Any) -> None:
        """Note progress, if any, and give a sign of life: the status is written once a second at most."""
        self._status = self._status.model_copy(update=progress)
        if time.time() - self._status.updated >= HEARTBEAT_SECONDS:
            self.update()

    def asked_to_stop(self) -> bool:
        """Whether somebody left a stop request in the folder; it is looked for ten times a second at most."""
        now = time.monotonic()
        if now - self._looked >= LOOK_SECONDS:
            self._looked, self._stop_seen = now, (self.path / STOP).exists()
        return self._stop_seen

    def _append(self, event: Measured) -> None:
        row = {
            "step": event.step,
            "seconds": round(event.seconds, 3),
            "split": event.split,
            "terms": event.terms,
        }
        with (self.path / "metrics.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")

    def _keep_pictures(self, event: Pictures) -> None:
        samples = pictures.grid(pictures.to_uint8(event.samples), columns=20)
        pairs = np.concatenate([pictures.to_uint8(event.originals), pictures.to_uint8(event.reconstructions)])
        for kind, image in (("grids", samples), ("reconstructions", pictures.grid(pairs, len(pairs) // 2))):
            replace_file(self.path / kind / f"{event.step}.png", pictures.png_bytes(image, step=event.step), sync=False)

    def _keep_state(self, event: Saved) -> None:
        with replacing(self.path / "resume.pt") as file:
            torch.save(event.state, file)
        write_safetensors(
            self.path / "checkpoint.safetensors",
            event.state["model"],
            family=self.config.family,
            config=self.config.model,
            step=event.step,
            data=self.config.data,
        )
        self.update(step=event.step, seconds=event.state["seconds"])

    def _forget_after(self, step: int) -> None:
        """Drop what was measured after the state that training goes on from: it will be measured again."""
        file = self.path / "metrics.jsonl"
        lines = file.read_bytes().splitlines(keepends=True) if file.exists() else []
        kept = [line for line in lines if (row := _row(line)) is not None and row["step"] <= step]
        replace_file(file, b"".join(kept))
        for kind in ("grids", "reconstructions"):
            for later in Run(self.path).picture_steps(kind):
                if later > step:
                    (self.path / kind / f"{later}.png").unlink(missing_ok=True)


def _row(line: bytes) -> dict[str, Any] | None:
    try:
        row = json.loads(line)
    except ValueError:
        return None
    if not isinstance(row, dict) or not isinstance(row.get("terms"), dict) or not isinstance(row.get("split"), str):
        return None
    numbers = [row.get("step"), row.get("seconds"), *row["terms"].values()]
    return row if all(isinstance(number, int | float) for number in numbers) else None
