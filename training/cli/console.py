"""What every command needs of the terminal: errors, progress bars, Ctrl-C, and texts turned into values."""

import json
import math
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from training.system.errors import UserError

__all__ = ["CheckpointPath", "errors", "interruptible", "print_json", "progress", "setting", "whole_number", "words"]

errors = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)


CheckpointPath = Annotated[
    Path,
    typer.Argument(metavar="CHECKPOINT", help="A run folder, a folder of pretrained/, a .safetensors or a .pt."),
]


def print_json(value: object) -> None:
    """One line of JSON on stdout; numbers that are not finite, which JSON does not have, are null."""
    typer.echo(json.dumps(_finite(value), allow_nan=False))


def _finite(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def setting(text: str) -> tuple[str, str | list[str]]:
    """The name and the value, or values, of "name=value"; what they mean is for the model's config to say."""
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise UserError(f"A setting is written name=value, such as z=20, and {text!r} is not.")
    return name.strip(), words(value) if "," in value else value.strip()


def words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def whole_number(word: str) -> int:
    try:
        return int(word)
    except ValueError:
        raise UserError(f"Bounds are whole numbers such as 1,10,100, and {word!r} is not one.") from None


def progress() -> Progress:
    """Progress bars on stderr: on a terminal only, and gone when done."""
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeRemainingColumn(),
        console=console,
        disable=not sys.stderr.isatty(),
        transient=True,
    )


@contextmanager
def interruptible() -> Iterator[Callable[[], bool]]:
    """Turn the first Ctrl-C, or the first SIGTERM, into a polite request to stop; a second one ends at once."""
    asked = threading.Event()

    def handle(*_: object) -> None:
        asked.set()
        restore()

    def restore() -> None:
        for kind, handler in previous.items():
            signal.signal(kind, handler)

    previous = {kind: signal.signal(kind, handle) for kind in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked.is_set
    finally:
        restore()
