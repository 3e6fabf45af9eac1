"""Which files a bundle of a run may hold, how large each may be, and what each must say. Whatever a run folder holds
beside them stays at home: locks, what was asked of it, logs with this machine's paths, pickles.
"""

import io
import json
import re
import time
import warnings
from dataclasses import dataclass
from typing import Annotated, Literal

from PIL import Image
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from training.lab.run_notes import NOTES_FILE, RunNotes
from training.pictures.grids import png_bytes
from training.runs.config import TrainConfig
from training.runs.control import Setting
from training.runs.run_folder import ANCESTRY, START, Status
from training.system.errors import UserError, explain

__all__ = [
    "CONFIG",
    "RESUME",
    "STATUS",
    "FileKind",
    "as_ended",
    "checked_config",
    "checked_picture",
    "checked_status",
    "checked_text",
    "kind_of",
]

CONFIG, STATUS = "config.json", "status.json"
RESUME = "resume.safetensors"  # in a bundle; a run folder keeps the same state in torch's own format
KIB, MIB = 2**10, 2**20
LONGEST_SIDE, MOST_PIXELS = 8192, 16_000_000  # of a picture
MOST_TERMS, MOST_DIMENSIONS, MOST_MAPPED = 50, 4096, 250
FURTHEST = 10**9  # steps

Content = Literal["config", "status", "text", "picture", "weights", "resume"]


@dataclass(frozen=True)
class FileKind:
    """What a file of a bundle is.

    Attributes:
        names: a pattern; of a file that belongs to a step, its group is the step.
        most_bytes: of one such file.
    """

    content: Content
    names: re.Pattern[str]
    most_bytes: int


_STEP = r"(0|[1-9][0-9]{0,8})"
KINDS = (
    FileKind("config", re.compile(re.escape(CONFIG)), 256 * KIB),
    FileKind("status", re.compile(re.escape(STATUS)), 64 * KIB),
    FileKind("text", re.compile(rf"{re.escape(NOTES_FILE)}|step\.json"), 64 * KIB),
    FileKind("text", re.compile(rf"(?:metrics|latent|changes)\.jsonl|{re.escape(ANCESTRY)}"), 64 * MIB),
    FileKind("picture", re.compile(rf"(?:grids|reconstructions)/{_STEP}\.png"), 16 * MIB),
    FileKind("picture", re.compile(r"step/(?:grids|reconstructions)/last\.png"), 16 * MIB),
    FileKind(
        "weights", re.compile(rf"checkpoint\.safetensors|{re.escape(START)}|kept/{_STEP}\.safetensors"), 512 * MIB
    ),
    FileKind("resume", re.compile(re.escape(RESUME)), 512 * MIB),
)


def kind_of(name: str) -> FileKind | None:
    """What a file of this name is in a bundle; None where no bundle has one."""
    return next((kind for kind in KINDS if kind.names.fullmatch(name)), None)


class _Row(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


Step = Annotated[int, Field(ge=0, le=FURTHEST)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Terms = Annotated[
    dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$", max_length=40)], float],
    Field(max_length=MOST_TERMS),
]


class _Measurement(_Row):
    step: Annotated[int, Field(ge=-FURTHEST, le=FURTHEST)]  # below 0 in what was measured before a fork
    seconds: Seconds
    split: Literal["train", "held-out"]
    terms: Terms
    interim: bool = False


class _Health(_Row):
    step: Step
    seconds: Seconds
    kl_per_dimension: Annotated[list[float], Field(max_length=MOST_DIMENSIONS)]
    means: Annotated[list[Annotated[list[float], Field(max_length=2)]], Field(max_length=MOST_MAPPED)]
    labels: Annotated[list[Annotated[int, Field(ge=0, lt=1000)]], Field(max_length=MOST_MAPPED)]
    active_units: Annotated[int, Field(ge=0, le=MOST_DIMENSIONS)]
    gradient_norm: float | None
    megabytes: float


class _Change(_Row):
    step: Step
    setting: Setting
    value: Finite


class _Watched(_Row):
    step: Step
    before: Terms
    after: Terms
    gradient_norm: float
    update_norm: float
    weight_norm: float
    learning_rate: Finite
    kl_weight: Finite


_ROWS: dict[str, type[_Row]] = {
    "metrics.jsonl": _Measurement,
    ANCESTRY: _Measurement,
    "latent.jsonl": _Health,
    "changes.jsonl": _Change,
}


def checked_config(content: bytes) -> TrainConfig:
    """The settings of a run.

    Raises:
        UserError: they are none, or out of range.
    """
    try:
        return TrainConfig.model_validate_json(content)
    except ValidationError as error:
        raise UserError(f"{CONFIG}: {explain(error)}") from error


def checked_status(content: bytes, config: TrainConfig) -> Status:
    """How far a run was when it left: ended, whatever it was doing, and nobody's any more.

    Raises:
        UserError: it says nothing, or more steps than there are.
    """
    try:
        status = Status.model_validate_json(content)
    except ValidationError as error:
        raise UserError(f"{STATUS}: {explain(error)}") from error
    if status.step > config.steps or status.steps != config.steps or len(status.message) > 4 * KIB:
        raise UserError(f"{STATUS} does not fit the run's {config.steps:,} steps.")
    return as_ended(status)


def as_ended(status: Status) -> Status:
    """The same of a run that nobody trains."""
    state = "stopped" if status.active or status.state == "interrupted" else status.state
    message = "".join(letter if letter.isprintable() else " " for letter in status.message)
    nobodys = {"queued": 0.0, "pace": 0.0, "heard": 0, "host": "", "updated": time.time()}
    return status.model_copy(update={"state": state, "message": message, **nobodys})


def checked_text(name: str, content: bytes, *, mend: bool = False) -> bytes:
    """The notes, the watched step or the rows of a run, written anew from what was understood.

    Arguments:
        mend: leave out lines that a crash has damaged, in place of refusing them.

    Raises:
        UserError: something in it is not what such a file says.
    """
    try:
        if name == NOTES_FILE:
            notes = RunNotes.model_validate_json(content)
            return notes.model_copy(update={"binned": None}).model_dump_json(indent=2).encode()
        if name == "step.json":
            return json.dumps(_Watched.model_validate_json(content).model_dump()).encode()
    except ValidationError as error:
        raise UserError(f"{name}: {explain(error)}") from error
    kept = (_written(_ROWS[name], line, name, mend=mend) for line in content.splitlines() if line.strip())
    return b"".join(line for line in kept if line)


def _written(row: type[_Row], line: bytes, name: str, *, mend: bool) -> bytes:
    try:
        read = row.model_validate_json(line).model_dump()
    except ValidationError as error:
        if mend:
            return b""
        raise UserError(f"{name}: {explain(error)}") from error
    if not read.get("interim", True):
        del read["interim"]
    return json.dumps(read).encode() + b"\n"


def checked_picture(name: str, content: bytes) -> bytes:
    """A PNG, decoded within bounds and written anew: its pixels and its step, and nothing else that it held.

    Raises:
        UserError: it is no such picture.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with Image.open(io.BytesIO(content), formats=["PNG"]) as picture:
                width, height = picture.size
                if (
                    max(width, height) > LONGEST_SIDE
                    or width * height > MOST_PIXELS
                    or picture.mode not in ("L", "RGB")
                ):
                    raise ValueError("not a picture of a run")
                picture.load()
                pixels = Image.frombytes(picture.mode, picture.size, picture.tobytes())
    except Exception as error:  # Pillow has many words for what is wrong with a picture
        raise UserError(f"{name} is not a picture that a run draws.") from error
    found = re.search(rf"/{_STEP}\.png$", name)
    return png_bytes(pixels, step=found[1]) if found else png_bytes(pixels)
