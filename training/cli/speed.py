"""Commands that look at the clock."""

import os
from typing import Annotated

import typer
from rich.console import Console

from training.cli.console import print_json, progress

__all__ = ["benchmark", "profile"]


def benchmark(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout and nothing else.")] = False,
    repeats: Annotated[int, typer.Option(min=1, max=10_000, help="Steps of each side, taken in turn.")] = 50,
    iwae_repeats: Annotated[int, typer.Option(min=1, max=1000, help="IWAE bounds of each side.")] = 3,
    samples: Annotated[int, typer.Option(min=1, max=100_000, help="The m of IWAE-m.")] = 1000,
) -> None:
    """Time a training step and IWAE-1000 against the homework's way (which needs 10 GB of memory)."""
    from training.benchmark.steps import benchmark as measure_speed
    from training.cli.tables import speed_table
    from training.system.device import prepare_thread

    prepare_thread()
    with progress() as bar:
        task = bar.add_task("benchmark", total=1.0)
        result = measure_speed(
            repeats=repeats,
            iwae_repeats=iwae_repeats,
            samples=samples,
            on_progress=lambda fraction: bar.update(task, completed=fraction),
        )
    if as_json:
        print_json(result)
    else:
        Console().print(speed_table(result))


def profile(
    preset: Annotated[str | None, typer.Argument(help="What to train; the first preset when absent.")] = None,
    steps: Annotated[int, typer.Option(min=1, max=10_000, help="Timed, and then watched.")] = 50,
) -> None:
    """Show where the time of a training step goes, by PyTorch's operations."""
    os.environ.setdefault("KINETO_LOG_LEVEL", "99")  # else its start and stop are lines on stderr
    from models.registry import PRESETS
    from training.benchmark.profile import step_profile
    from training.cli.tables import profile_table
    from training.system.device import prepare_thread

    prepare_thread()
    Console().print(profile_table(step_profile(preset or next(iter(PRESETS)), steps)))
