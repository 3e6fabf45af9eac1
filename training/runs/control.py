"""The control file of a run: what pages and commands ask of the process that trains it, a command a line.

    {"do": "pause"}    {"do": "go"}    {"do": "stop"}    {"do": "step"}    {"do": "pace", "value": 5}
    {"do": "learning_rate", "value": 0.0005}    {"do": "kl_weight", "value": 4}    {"do": "warmup", "value": 500}

The process says in its status how far into the file it has listened. This module is light (no torch).
"""

from math import isfinite
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from training.people.rights import require
from training.system.errors import UserError
from training.system.files import open_plain

__all__ = ["Ask", "Command", "Setting", "ask", "commands_from", "end_of"]

Setting = Literal["learning_rate", "kl_weight", "warmup"]
Ask = Literal["pause", "go", "stop", "step", "pace", Setting]
CONTROL = "control.jsonl"
SLOWEST, FASTEST = 0.1, 1000.0  # steps a second in slow motion
LIMITS: dict[str, tuple[float, float]] = {
    "learning_rate": (1e-9, 1.0),
    "kl_weight": (0.0, 1000.0),
    "warmup": (0.0, 1e7),
    "pace": (0.0, FASTEST),
}
NAMES = {"learning_rate": "learning rate", "kl_weight": "KL weight", "warmup": "KL warm-up", "pace": "pace"}
AT_ONCE = 1 << 16  # bytes; more than a person can ask for


class Command(BaseModel):
    """One thing asked of a run.

    Attributes:
        do: wait, go on, end, take one step and wait, take so many steps a second, or change a setting.
        value: steps a second, 0 for as many as it can; or the setting's new value.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    do: Ask
    value: float = 0.0


def ask(folder: Path, do: Ask, value: float = 0.0) -> int:
    """Ask something of the run in this folder; `Status.heard` reaches the number returned once it has been heard.

    Raises:
        UserError: a value out of range, or the folder cannot be written, or the run is not theirs to change.
    """
    require("change", folder)
    if do in LIMITS:
        least, most = LIMITS[do]
        if not isfinite(value) or not least <= value <= most or (do == "pace" and 0 < value < SLOWEST):
            raise UserError(f"A {NAMES[do]} should be from {least:g} to {most:,g}, but it is {value:g}.")
    line = Command(do=do, value=value).model_dump_json().encode() + b"\n"
    try:
        with (folder / CONTROL).open("ab") as file:
            file.write(line)
            file.flush()
            return file.tell()
    except OSError as error:
        text = f"The run's folder cannot be written ({error.strerror}): put that right, then ask again."
        raise UserError(text) from error


def commands_from(folder: Path, heard: int) -> tuple[list[Command], int]:
    """What was asked after so many bytes, and how many bytes there are by then; lines that say nothing are skipped."""
    try:
        with open_plain(folder / CONTROL) as file:
            file.seek(heard)
            content = file.read(AT_ONCE)
    except OSError:
        return [], heard
    whole = content[: content.rfind(b"\n") + 1] or (content if len(content) == AT_ONCE else b"")
    commands = []
    for line in whole.splitlines():
        try:
            commands.append(Command.model_validate_json(line))
        except ValidationError:
            continue
    return commands, heard + len(whole)


def end_of(folder: Path) -> int:
    """How many bytes were asked of a run so far."""
    try:
        return (folder / CONTROL).stat().st_size
    except OSError:
        return 0
