"""Commands that remake what ships: weights, the classifier, pictures, numbers."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress

from training.cli.console import errors, interruptible, progress
from training.system.errors import UserError, one_of

__all__ = [
    "label_points_command",
    "pictures",
    "pretrain",
    "readme",
    "remeasure",
    "seeds_command",
    "train_classifier_command",
]


def train_classifier_command(
    epochs: Annotated[int, typer.Option(min=1, max=100, help="Passes over the training images.")] = 10,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Of weights, order and shifts.")] = 0,
    out: Annotated[Path | None, typer.Option(help="The file to write; the shipped one when absent.")] = None,
) -> None:
    """Train the small classifier of house numbers that judges swapped digits."""
    from training.data.datasets import load_dataset
    from training.data.registry import default_data_set
    from training.evaluation.digit_classifier import (
        classifier_accuracy,
        classifier_file,
        train_classifier,
        write_classifier,
    )
    from training.system.device import prepare_thread

    prepare_thread()
    source = default_data_set("colour")
    data, file = load_dataset(source.name), out or classifier_file(source.name)
    with progress() as bar, interruptible() as interrupted:
        task = bar.add_task("classifier", total=1.0)

        def show(fraction: float) -> None:
            bar.update(task, completed=fraction)

        model = train_classifier(data, epochs=epochs, seed=seed, on_progress=show, should_stop=interrupted)
    right = classifier_accuracy(model, data.test)
    write_classifier(model, right, file)
    errors.print(f"{file}: it is right for {right:.2%} of {source.title}'s test images.")


def pretrain(
    names: Annotated[list[str], typer.Argument(help="Presets to train, measure and ship.")],
    seed: Annotated[int | None, typer.Option(min=0, help="Of the training; the shipped one when absent.")] = None,
    out: Annotated[Path | None, typer.Option(help="Where the folders go; pretrained/ when absent.")] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="The preset's own when absent; the card says.")] = None,
) -> None:
    """Remake shipped models: full data, the homework's steps, measured on both sets."""
    from models.registry import PRESETS, family_of
    from training.data.registry import default_data_set
    from training.release.pretrain import pretrain as make
    from training.runs.events import Event
    from training.system.device import prepare_thread
    from training.system.folders import PRETRAINED, runs_folder

    prepare_thread()
    for name in names:
        if name not in PRESETS:
            raise UserError(f"There is no model {name!r}: choose {one_of(PRESETS)}.")
        with progress() as bar:
            training = bar.add_task(f"{name}: training", total=steps or PRESETS[name].steps)
            parts = default_data_set(family_of(name).images).measured_by_default
            measuring = {part: bar.add_task(f"{name}: {part} set", total=1.0) for part in parts}

            def trained(event: Event, bar: Progress = bar, task: Any = training) -> None:
                bar.update(task, completed=event.step)

            def measured(part: str, fraction: float, bar: Progress = bar, tasks: Any = measuring) -> None:
                bar.update(tasks[part], completed=fraction)

            chosen = PRESETS[name].shipped_seed if seed is None else seed
            work = runs_folder() / f"pretrain-{name}-{chosen}"
            make(
                name,
                (out or PRETRAINED) / name,
                work,
                seed=chosen,
                steps=steps,
                on_event=trained,
                on_progress=measured,
            )


def remeasure(
    folders: Annotated[list[Path], typer.Argument(help="Folders of shipped models, such as pretrained/gmvae.")],
) -> None:
    """Measure shipped weights again, as they are, and write their cards anew."""
    from training.release.pretrain import remeasure as measure_again
    from training.system.device import prepare_thread

    prepare_thread()
    for folder in folders:
        with progress() as bar:
            parts: dict[str, Any] = {}

            def measured(part: str, fraction: float, bar: Progress = bar, parts: dict[str, Any] = parts) -> None:
                if part not in parts:
                    parts[part] = bar.add_task(f"{part} set", total=1.0)
                bar.update(parts[part], completed=fraction)

            measure_again(folder, on_progress=measured)


def label_points_command(
    presets: Annotated[list[str], typer.Argument(help="Presets that learn from labels.")],
    labelled: Annotated[
        list[int] | None, typer.Option(help="How many labels, once or several times; 50, 300 and 1000 when absent.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the trainings.")] = 0,
) -> None:
    """Train SSVAEs with other numbers of labels, and keep the accuracies that the app shows."""
    from models.registry import PRESETS
    from training.release.label_points import keep_label_point
    from training.release.pretrain import make_label_point
    from training.runs.events import Event
    from training.system.device import prepare_thread
    from training.system.folders import runs_folder

    prepare_thread()
    allowed = [name for name, preset in PRESETS.items() if "labelled" in type(preset.model).model_fields]
    for name in presets:
        if name not in allowed:
            raise UserError(f"{name!r} does not learn from labels: choose {one_of(allowed)}.")
    for name in presets:
        for count in labelled or (50, 300, 1000):
            with progress() as bar:
                task = bar.add_task(f"{name}, {count:,} labels", total=PRESETS[name].steps)

                def trained(event: Event, bar: Progress = bar, task: Any = task) -> None:
                    bar.update(task, completed=event.step)

                work = runs_folder() / f"label-point-{name}-{count}-{seed}"
                point = make_label_point(name, count, work, seed=seed, on_event=trained)
            keep_label_point(point)
            typer.echo(f"{name}, {count:,} labels: accuracy {point.accuracy:.2%}")


def seeds_command(
    names: Annotated[list[str], typer.Argument(help="Shipped models whose recipes are trained once more.")],
    seed: Annotated[list[int] | None, typer.Option(help="Once or several times; 0 to 4 when absent.")] = None,
) -> None:
    """Train shipped recipes with other seeds, and keep what each reaches, not its weights."""
    from training.cluster.in_order import own_cores
    from training.release.cards import read_card
    from training.release.pretrain import make_seed
    from training.release.seeds import keep_seed
    from training.runs.events import Event
    from training.system.device import prepare_thread
    from training.system.folders import PRETRAINED, pretrained_names, runs_folder

    prepare_thread()
    for name in names:
        if name not in pretrained_names():
            raise UserError(f"There is no shipped model {name!r}: choose {one_of(pretrained_names())}.")
        card = read_card(PRETRAINED / name)
        for each in seed or [each for each in range(5) if each != card.seed]:
            with progress() as bar:
                training = bar.add_task(f"{name}, seed {each}: training", total=card.steps)
                parts: dict[str, Any] = {}

                def trained(event: Event, bar: Progress = bar, task: Any = training) -> None:
                    bar.update(task, completed=event.step)

                def measured(part: str, fraction: float, bar: Progress = bar, parts: dict[str, Any] = parts) -> None:
                    if part not in parts:
                        parts[part] = bar.add_task(f"{part} set", total=1.0)
                    bar.update(parts[part], completed=fraction)

                work = runs_folder() / f"seed-{name}-{each}"
                reached = make_seed(name, work, seed=each, cores=own_cores(), on_event=trained, on_progress=measured)
            keep_seed(name, reached)
            said = ", ".join(f"{part} {numbers.nelbo:.2f}" for part, numbers in reached.sets.items())
            typer.echo(f"{name}, seed {each}: NELBO {said}")


def pictures(
    folders: Annotated[list[Path], typer.Argument(help="Folders of shipped models, in pretrained/.")],
) -> None:
    """Draw anew the pictures that ship with models, from their weights."""
    from training.release.first_pictures import write_first_pictures

    for folder in folders:
        write_first_pictures(folder)


def readme(
    file: Annotated[Path | None, typer.Argument(help="The README; the project's own when absent.")] = None,
) -> None:
    """Write the tables of numbers in the README anew, from the cards of the shipped models."""
    from training.release.readme import write_tables
    from training.system.folders import PROJECT

    target = file or PROJECT / "README.md"
    errors.print(f"{target}: {'written anew' if write_tables(target) else 'already true'}.")
