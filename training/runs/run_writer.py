"""Writing the run folder, by one process at a time. Files are replaced whole (written beside, synced, renamed), so an
interrupted write never costs the last good one.
"""

import io
import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from training.checkpoints.reading import Checkpoint, load_checkpoint, write_safetensors
from training.people.rights import own_place
from training.pictures import grids as pictures
from training.runs.config import TrainConfig
from training.runs.control import Command, commands_from, end_of
from training.runs.events import Changed, Event, Health, Measured, Pictures, Saved, Stepped
from training.runs.run_folder import (
    ANCESTRY,
    RESUME_BEFORE,
    START,
    UPLOADED,
    Run,
    State,
    Status,
    new_run_id,
    read_changes,
    read_status,
)
from training.runs.schedule import Schedule
from training.system.errors import UserError
from training.system.files import keep_before, replace_file, replacing
from training.system.json_lines import append_row, rows_of
from training.system.locks import hold, this_machine

__all__ = ["RunWriter", "keep_as_run", "mark_ended", "queue_again", "queue_run"]

HEARTBEAT_SECONDS = 1.0
RESERVE = ".reserve"  # room on the disk for the last words of a run that fills it
RESERVED_BYTES = 1 << 16
PICTURE_KINDS = ("grids", "reconstructions")


def queue_run(path: Path, config: TrainConfig, *, parent: Run | None = None, weights: Path | None = None) -> None:
    """Make the folder of a run that waits for its turn.

    Arguments:
        parent, weights: the run that it is forked from, and the file of the weights that it starts with; the folder
            gets a copy of them, and of what was measured up to there.

    Raises:
        UserError: the folder cannot be written, or holds something else.
    """
    with _said(path):
        _make(path, config)
        if parent is not None and weights is not None:
            replace_file(path / START, weights.read_bytes())
            _keep_ancestry(path, parent, load_checkpoint(weights).step or 0)
        _write(path, Status(state="queued", steps=config.steps, queued=time.time()))


def queue_again(run: Run) -> None:
    """Let a run that ended early wait for its turn; what was asked of it before is forgotten.

    Raises:
        UserError: it is under way, has done all its steps, or its folder cannot be written.
    """
    run.require_resumable()
    changes = {"state": "queued", "message": "", "queued": time.time(), "heard": end_of(run.path)}
    with _said(run.path):
        _write(run.path, run.status().model_copy(update=changes))


def mark_ended(folder: Path, state: State, message: str = "") -> None:
    """Write the end of a run that nobody trains; one that somebody trains is left alone.

    Raises:
        OSError: the folder cannot be written.
    """
    if (lock := hold(folder)) is None:
        return
    with lock:
        _write(folder, Run(folder).status().model_copy(update={"state": state, "message": message, "pace": 0.0}))


class RunWriter:
    """Writes one run's folder while it trains: every event of the training goes to `record`.

    It holds the folder's lock from its making to `close`, or to the death of its process: nobody else writes there.

    Arguments:
        resume: resume the run that is there, from its last kept state or, if none was kept yet, from its start.

    Attributes:
        kept: the state that the training resumes from, read once; None at a start.
        changes: what was changed while the run was trained before.
        status: as it was last written or noted.

    Raises:
        UserError: another process trains this run, the folder cannot be written, or holds something else.
    """

    def __init__(self, path: Path, config: TrainConfig, *, resume: bool = False) -> None:
        self.path, self.config = path, config
        self.kept: dict[str, Any] | None = None
        self.changes: list[Changed] = []
        with _said(path):
            if not resume:
                _make(path, config)
            lock = hold(path)
            if lock is None:
                raise UserError(f"Run {path.name} is trained by another process: watch that one.")
            self._lock = lock
            before = (read_status(path) if resume else None) or Status(state="queued", steps=config.steps)
            self.status = before.model_copy(update={"state": "queued", "message": "", "pace": 0.0})
            if resume:
                self._take_up(Run(path))
            for kind in PICTURE_KINDS:
                (path / kind).mkdir(exist_ok=True)
            replace_file(path / RESERVE, bytes(RESERVED_BYTES), sync=False)
            self.update(state="queued")

    def _take_up(self, run: Run) -> None:
        """Find the state to resume from, and forget what was measured after it: it will be measured again."""
        self.kept = run.resume_state()
        step, seconds = (self.kept["step"], self.kept["seconds"]) if self.kept is not None else (0, 0.0)
        self.status = self.status.model_copy(update={"step": step, "seconds": seconds})
        self._forget_after(run, step if self.kept is not None else -1)
        self.changes = [Changed(**row) for row in read_changes(self.path)]

    def close(self) -> None:
        """Let go of the folder; nothing is written afterwards."""
        with suppress(OSError):
            (self.path / RESERVE).unlink(missing_ok=True)
        self._lock.release()

    def record(self, event: Event) -> None:
        """Keep an event of the training.

        Raises:
            OSError: it cannot be written.
        """
        match event:
            case Measured():
                self._keep_measurement(event)
            case Health():
                append_row(self.path / "latent.jsonl", asdict(event))
            case Changed():
                append_row(self.path / "changes.jsonl", asdict(event))
            case Pictures():
                self._keep_pictures(event, self.path, str(event.step))
            case Stepped():
                self._keep_step(event)
            case Saved():
                self._keep_state(event)

    def update(self, **changes: Any) -> Status:
        """Change the status, write it and return it.

        Raises:
            OSError: it cannot be written.
        """
        self.status = self.status.model_copy(update=changes)
        self.status = _write(self.path, self.status)
        return self.status

    def end(self, **changes: Any) -> Status:
        """The last `update`: on a full disk it takes the room that was kept for it.

        Raises:
            OSError: not even that can be written.
        """
        (self.path / RESERVE).unlink(missing_ok=True)
        return self.update(pace=0.0, **changes)

    def beat(self, **progress: Any) -> None:
        """Note progress, if any, and give a sign of life: the status is written once a second at most."""
        self.status = self.status.model_copy(update=progress)
        if not 0 <= time.time() - self.status.updated < HEARTBEAT_SECONDS:
            self.update()

    def listen(self) -> list[Command]:
        """What was asked of the run since it last listened; `heard` is for its listener to set."""
        commands, heard = commands_from(self.path, self.status.heard)
        self.status = self.status.model_copy(update={"heard": heard})
        return commands

    def _keep_measurement(self, event: Measured) -> None:
        row = {"step": event.step, "seconds": round(event.seconds, 3), "split": event.split, "terms": event.terms}
        append_row(self.path / "metrics.jsonl", row | ({"interim": True} if event.interim else {}))
        if event.split == "train":
            self.beat(step=event.step, seconds=event.seconds)

    def _keep_pictures(self, event: Pictures, folder: Path, name: str) -> None:
        samples = pictures.grid(pictures.to_uint8(event.samples), columns=20)
        pairs = np.concatenate([pictures.to_uint8(event.originals), pictures.to_uint8(event.reconstructions)])
        for kind, image in zip(PICTURE_KINDS, (samples, pictures.grid(pairs, len(pairs) // 2)), strict=True):
            replace_file(folder / kind / f"{name}.png", pictures.png_bytes(image, step=event.step), sync=False)

    def _keep_step(self, event: Stepped) -> None:
        (self.path / "step").mkdir(exist_ok=True)  # not its parents: a folder that was deleted stays so
        for kind in PICTURE_KINDS:
            (self.path / "step" / kind).mkdir(exist_ok=True)
        self._keep_pictures(event.pictures, self.path / "step", "last")
        row = {name: value for name, value in vars(event).items() if name != "pictures"}
        replace_file(self.path / "step.json", json.dumps(row).encode(), sync=False)
        self.update(step=event.step)

    def _keep_state(self, event: Saved) -> None:
        content = io.BytesIO()  # not into the file: torch's own words for a full disk are no help
        torch.save(event.state, content)
        with suppress(FileNotFoundError):
            keep_before(self.path / "resume.pt", self.path / RESUME_BEFORE)
        with replacing(self.path / "resume.pt") as file:
            file.write(content.getbuffer())
        self._write_weights(self.path / "checkpoint.safetensors", event)
        if event.kept:
            (self.path / "kept").mkdir(exist_ok=True)
            self._write_weights(self.path / "kept" / f"{event.step}.safetensors", event)
        self.update(step=event.step, seconds=event.state["seconds"])

    def _write_weights(self, file: Path, event: Saved) -> None:
        write_safetensors(
            file,
            event.state["model"],
            family=self.config.family,
            config=self.config.model,
            step=event.step,
            data=self.config.data,
        )

    def _forget_after(self, run: Run, step: int) -> None:
        """Drop what lies after a step, and what a training that is not stopped would not have measured there."""
        for name in ("metrics.jsonl", "latent.jsonl"):
            file = self.path / name
            kept = [row for row in rows_of(file) if row.get("step", step + 1) <= step and not row.get("interim")]
            replace_file(file, b"".join(json.dumps(row).encode() + b"\n" for row in kept))
        schedule = Schedule(self.config.steps)
        for kind in PICTURE_KINDS:
            for drawn in run.picture_steps(kind):
                if drawn > step or not schedule.draws(drawn):
                    run.picture(drawn, kind).unlink(missing_ok=True)
        for kept_step in run.kept_steps():
            if kept_step > step:
                run.kept_file(kept_step).unlink(missing_ok=True)


def _keep_ancestry(path: Path, parent: Run, step: int) -> None:
    """What was measured before a fork, at steps before its own first one."""
    before = [*rows_of(parent.path / ANCESTRY), *rows_of(parent.metrics_file)]
    for row in before:
        if isinstance(row.get("step"), int) and row["step"] <= step and not row.get("interim"):
            append_row(path / ANCESTRY, row | {"step": row["step"] - step})


def _make(path: Path, config: TrainConfig) -> None:
    if path.exists() and any(path.iterdir()):
        raise UserError(f"{path} is not empty: choose a new folder, so that nothing is lost.")
    path.mkdir(parents=True, exist_ok=True)
    replace_file(path / "config.json", config.model_dump_json(indent=2).encode())


def _write(path: Path, status: Status) -> Status:
    status = status.model_copy(update={"updated": time.time(), "host": this_machine()})
    replace_file(path / "status.json", status.model_dump_json().encode(), sync=not status.active)
    return status


@contextmanager
def _said(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        text = f"The run folder {path} cannot be written ({error.strerror}): choose another folder."
        raise UserError(text) from error


def keep_as_run(checkpoint: Checkpoint, folder: Path | None = None, *, name: str = "") -> Run:
    """Make a finished run of weights that were trained elsewhere, so that they are still there tomorrow.

    Arguments:
        name: what the run is called, as far as an id can hold it; the family's first recipe, if not given.

    Raises:
        UserError: the runs folder cannot be written.
    """
    folder = folder or own_place()
    preset = checkpoint.family.presets[0].name
    steps = checkpoint.step or 1
    config = TrainConfig.from_preset(preset, model=checkpoint.config, data=checkpoint.data, steps=steps)
    stem = re.sub(r"[^A-Za-z0-9._=-]+", "-", name).strip("-._=") or preset
    path = folder / new_run_id(f"{stem}-uploaded", folder)
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
        writer.end(state="finished", step=steps, message=UPLOADED)
    except OSError as error:
        raise UserError(f"The run cannot be written ({error.strerror}): free some space and try again.") from error
    finally:
        writer.close()
    return Run(path)
