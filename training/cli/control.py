"""Commands that steer a run while it trains, wherever that is: through its folder."""

from pathlib import Path
from typing import Annotated

import typer

from training.cli.console import errors, setting
from training.runs.control import Ask, ask
from training.runs.run_folder import Run, is_run_id
from training.system.errors import UserError, one_of

__all__ = ["RunPath", "go_on", "pace", "pause", "set_command", "step", "stop", "the_run"]

RunPath = Annotated[Path, typer.Argument(metavar="RUN", help="A run folder, or the id of a run in the runs folder.")]
SETTINGS: dict[str, Ask] = {"learning_rate": "learning_rate", "beta": "kl_weight", "warmup": "warmup"}


def the_run(run: Path) -> Run:
    """The run in this folder, or with this id.

    Raises:
        UserError: there is none.
    """
    return Run.named(str(run)) if is_run_id(str(run)) and not run.exists() else Run(run)


def _tell(run: Path, do: Ask, value: float = 0.0) -> None:
    found = the_run(run)
    if not found.status().active:
        raise UserError(f"Run {found.id} is not training: resume it with `python -m training resume {run}`.")
    ask(found.path, do, value)


def pause(run: RunPath) -> None:
    """Let a training wait; `resume` lets it go on."""
    _tell(run, "pause")


def go_on(run: RunPath) -> bool:
    """Let a paused training go on; whether it is paused."""
    found = the_run(run)
    if found.status().state != "paused":
        return False
    ask(found.path, "go")
    errors.print(f"Run {found.id} goes on.")
    return True


def stop(run: RunPath) -> None:
    """End a training after its current step; everything is kept."""
    _tell(run, "stop")


def step(run: RunPath) -> None:
    """Let a training take one step and wait."""
    _tell(run, "step")


def pace(
    run: RunPath, steps_per_second: Annotated[float, typer.Argument(help="Steps a second; 0: as many as it can.")]
) -> None:
    """Let a training crawl, so that a class can watch it."""
    _tell(run, "pace", steps_per_second)


def set_command(
    run: RunPath,
    settings: Annotated[list[str], typer.Argument(metavar="NAME=VALUE", help=f"{one_of(SETTINGS)}.")],
) -> None:
    """Change settings of a training from its next step on; the run remembers when."""
    wanted = []
    for text in settings:
        name, value = setting(text)
        if name not in SETTINGS:
            raise UserError(f"While it trains, {one_of(SETTINGS)} can be changed, and {name!r} cannot.")
        try:
            wanted.append((SETTINGS[name], float(str(value))))
        except ValueError:
            raise UserError(f"{name} should be a number, and it is {value!r}.") from None
    for do, number in wanted:
        _tell(run, do, number)
