"""Commands that train: a new run, one that is resumed, one that a server has queued."""

import os
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from training.cli.console import errors, interruptible, progress, setting
from training.cli.control import RunPath, go_on, the_run
from training.data.registry import DATA_SETS
from training.system.errors import UserError, one_of
from training.system.number_format import signed

__all__ = ["carry_out", "resume", "train_command", "work"]

POLITENESS = 10
LOOK_SECONDS = 0.2


def train_command(
    model: Annotated[str, typer.Argument(help="The preset to train.")],
    steps: Annotated[int | None, typer.Option(help="Optimiser steps; the preset's own when absent.")] = None,
    seed: Annotated[int | None, typer.Option(help="Decides everything that is random.")] = None,
    out: Annotated[Path | None, typer.Option(help="New run folder; runs/<id> when absent.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Images a step.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Adam's step size.")] = None,
    cooldown: Annotated[
        float | None, typer.Option(help="Last share of the steps, from 0 to 1, in which the step size falls to 0.")
    ] = None,
    warmup: Annotated[int | None, typer.Option(help="First steps, in which the KL weight rises from 0.")] = None,
    early_stop: Annotated[
        int | None, typer.Option(help="Looks at the held-out images without a lower NELBO after which it ends.")
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(help=f"{one_of(DATA_SETS)}; the first that is here and has such images when absent."),
    ] = None,
    precision: Annotated[str | None, typer.Option(help="float32 or bfloat16, for the matrix products.")] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="A setting of the model: z=20, k=100, beta=3, hidden=400,200.")
    ] = None,
    sweep: Annotated[
        str | None,
        typer.Option(
            help='A run for every combination of values, such as "seed: 0-4; z: 5, 10"; as many at a time as '
            "$ELBO_LAB_WORKERS says."
        ),
    ] = None,
) -> None:
    """Train a model into a run folder. Ctrl-C stops it and keeps the last state."""
    from training.data.datasets import load_dataset
    from training.data.registry import whole
    from training.runs.config import TrainConfig
    from training.runs.run_folder import new_run_id
    from training.runs.run_writer import RunWriter
    from training.system.folders import runs_folder

    changes: dict[str, Any] = {
        "steps": steps,
        "seed": seed,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "cooldown": cooldown,
        "warmup": warmup,
        "early_stop": early_stop,
        "data": data,
        "precision": precision,
        "model": dict(setting(text) for text in settings) if settings else None,
    }
    config = TrainConfig.from_preset(model, **changes)
    if problem := whole(config.data).problem():
        errors.print(problem)
    load_dataset(config.data)  # before the run's folder is made: missing data leave no trace
    if sweep:
        if out is not None:
            raise UserError("The runs of a sweep have folders of their own in the runs folder: leave --out out.")
        _sweep(model, sweep, changes)
        return
    carry_out(RunWriter(out or runs_folder() / new_run_id(model, runs_folder()), config))


def resume(run: RunPath) -> None:
    """Let a paused run go on, or resume one that stopped, failed or was interrupted, from its last kept state."""
    from training.runs.run_writer import RunWriter

    if go_on(run):
        return
    opened = the_run(run)
    opened.require_resumable()
    carry_out(RunWriter(opened.path, opened.config, resume=True))


def work(run: Annotated[Path, typer.Argument(help="The folder of a queued run.")]) -> None:
    """Carry out a run that a server has queued."""
    from training.runs.run_folder import Run
    from training.runs.run_writer import RunWriter
    from training.runs.worker import train_into
    from training.system.device import prepare_thread

    if Run(run).status().state != "queued":
        return  # it was stopped in its queue, or another server was faster
    prepare_thread()
    if hasattr(os, "nice"):
        os.nice(POLITENESS)  # pages answer first
    with interruptible() as interrupted:
        train_into(RunWriter(run, Run(run).config, resume=True), should_stop=interrupted)


def carry_out(writer: Any) -> None:
    """Train in this process, with a progress bar."""
    from training.data.registry import data_set
    from training.runs.events import Event, Measured
    from training.runs.worker import train_into
    from training.system.device import prepare_thread

    prepare_thread()
    config = writer.config
    errors.print(f"Training {config.preset} on {data_set(config.data).summary}, into {writer.path}")
    with progress() as bar, interruptible() as interrupted:
        task = bar.add_task("training", total=config.steps, completed=writer.kept["step"] if writer.kept else 0)

        def show(event: Event) -> None:
            if isinstance(event, Measured) and event.split == "train":
                terms = "  ".join(f"{name} {signed(value)}" for name, value in event.terms.items())
                bar.update(task, completed=event.step, description=terms)

        status = train_into(writer, should_stop=interrupted, on_event=show)
    if status.state == "failed":
        raise UserError(status.message)
    if status.state == "stopped":
        errors.print(f"Stopped at step {status.step:,}. Resume with: python -m training resume {writer.path}")
        raise typer.Exit(130)
    errors.print(f"Done: {status.step:,} steps in {status.seconds:.0f} s, {status.steps_per_second:.0f} steps/s.")


def _sweep(model: str, text: str, changes: dict[str, Any]) -> None:
    from training.lab.launch import Launcher
    from training.lab.queue import workers
    from training.lab.sweep import sweep
    from training.runs.run_folder import Run
    from training.system.jobs import Jobs

    launcher = Launcher(Jobs())
    runs = [Run.named(run_id) for run_id in launcher.train(*sweep(model, text, changes), sweep=text)]
    errors.print(f"Training {len(runs)} runs, {workers()} at a time: {', '.join(run.id for run in runs)}")
    with progress() as bar, interruptible() as interrupted:
        task = bar.add_task("training", total=sum(run.config.steps for run in runs))
        while under_way := [run for run in runs if run.status().active]:
            bar.update(task, completed=sum(run.status().step for run in runs))
            if interrupted():
                for run in under_way:
                    launcher.stop(run)
            time.sleep(LOOK_SECONDS)
    ended = [run.status() for run in runs]
    if failed := [status for status in ended if status.state == "failed"]:
        raise UserError(f"{len(failed)} of {len(runs)} runs failed, the first of them so: {failed[0].message}")
    if any(status.state == "stopped" for status in ended):
        errors.print("Stopped: resume each with `python -m training resume RUN`.")
        raise typer.Exit(130)
    errors.print(f"Done: {len(runs)} runs. Compare them on the page Runs, or with `python -m training runs list`.")
