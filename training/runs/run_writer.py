"""Writing the run folder. Files are replaced whole (written beside, synced, renamed), so an interrupted write never
costs the last good one.
"""

import json
import re
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import torch

from training.checkpoints.reading import Checkpoint, write_safetensors
from training.pictures import grids as pictures
from training.runs.config import TrainConfig
from training.runs.events import Event, Measured, Pictures, Saved
from training.runs.run_folder import STOP, UPLOADED, Run, Status, read_status, row_in
from training.runs.run_index import new_run_id
from training.system.errors import UserError
from training.system.files import replace_file, replacing
from training.system.folders import runs_folder

__all__ = ["RunTakenOver", "RunWriter", "keep_as_run", "mark_failed"]

HEARTBEAT_SECONDS = 1.0
LOOK_SECONDS = 0.1


class RunTakenOver(UserError):
    """Somebody else resumed this run; whoever wrote it before must not write any more."""


class RunWriter:
    """Writes one run's folder while it trains: every event of the training goes to `record`.

    Arguments:
        resume: resume the run that is there, from its last kept state or, if none was kept yet, from its start.

    Attributes:
        kept: the state that the training resumes from, read once; None at a start.

    Raises:
        UserError: the folder cannot be written, or holds something else; or the kept state is damaged.
    """

    def __init__(self, path: Path, config: TrainConfig, *, resume: bool = False) -> None:
        self.path, self.config = path, config
        self.kept: dict[str, Any] | None = None
        self._status = Status(state="queued", steps=config.steps, owner=uuid4().hex)
        self._looked, self._stop_seen = 0.0, False
        try:
            if not resume:
                if path.exists() and any(path.iterdir()):
                    raise UserError(f"{path} is not empty: choose a new folder, so that nothing is lost.")
                path.mkdir(parents=True, exist_ok=True)
                with replacing(path / "config.json") as file:
                    file.write(config.model_dump_json(indent=2).encode())
            elif Run(path).resume_file.exists():
                self.kept = Run(path).resume_state()
                self._status.step, self._status.seconds = self.kept["step"], self.kept["seconds"]
                self._forget_after(self.kept["step"])
            for kind in ("grids", "reconstructions"):
                (path / kind).mkdir(exist_ok=True)
            self._write_status(state="queued")
        except OSError as error:
            raise UserError(
                f"The run folder {path} cannot be written ({error.strerror}): choose another folder."
            ) from error

    def record(self, event: Event) -> None:
        """Keep an event of the training."""
        if isinstance(event, Measured):
            row = {
                "step": event.step,
                "seconds": round(event.seconds, 3),
                "split": event.split,
                "terms": event.terms,
            }
            with (self.path / "metrics.jsonl").open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
            if event.split == "train":
                self.beat(step=event.step, seconds=event.seconds)
        elif isinstance(event, Pictures):
            self._keep_pictures(event)
        else:
            self._keep_state(event)

    def update(self, **changes: Any) -> Status:
        """Change the status, write it and return it.

        Raises:
            RunTakenOver: another writer has resumed this run, after a silence of this one.
        """
        there = read_status(self.path)
        if there is not None and there.owner != self._status.owner:
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
        """Drop what was measured after the state that training resumes from: it will be measured again."""
        file = self.path / "metrics.jsonl"
        lines = file.read_bytes().splitlines(keepends=True) if file.exists() else []
        kept = [line for line in lines if (row := row_in(line)) is not None and row["step"] <= step]
        replace_file(file, b"".join(kept))
        for kind in ("grids", "reconstructions"):
            for later in Run(self.path).picture_steps(kind):
                if later > step:
                    (self.path / kind / f"{later}.png").unlink(missing_ok=True)


def mark_failed(folder: Path, message: str) -> None:
    """Write a failure into a run whose own writer is gone."""
    status = Run(folder).status().model_copy(update={"state": "failed", "message": message, "updated": time.time()})
    replace_file(folder / "status.json", status.model_dump_json().encode())
    (folder / STOP).unlink(missing_ok=True)


def keep_as_run(checkpoint: Checkpoint, folder: Path | None = None, *, name: str = "") -> Run:
    """Make a finished run of weights that were trained elsewhere, so that they are still there tomorrow.

    Arguments:
        name: what the run is called, as far as an id can hold it; the family's first recipe, if not given.

    Raises:
        UserError: the runs folder cannot be written.
    """
    folder = folder or runs_folder()
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
        writer.update(state="finished", step=steps, message=UPLOADED)
    except OSError as error:
        raise UserError(f"The run cannot be written ({error.strerror}): free some space and try again.") from error
    return Run(path)
