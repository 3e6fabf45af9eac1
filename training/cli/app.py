"""`python -m training ...`: the same functions as the pages', without a browser.

Bad input ends with one sentence on stderr and exit code 2. Progress bars show on a terminal and nowhere else.
"""

import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from typer.exceptions import TyperException

from training.system.errors import Cancelled, UserError

__all__ = ["app", "main"]

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Train, measure and sample the models of ELBO Lab.",
)
POLITENESS = 10
errors = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)


class Kind(StrEnum):
    """What a picture of samples shows."""

    means = "means"
    binary = "binary"


CheckpointPath = Annotated[
    Path,
    typer.Argument(metavar="CHECKPOINT", help="A run folder, a folder of pretrained/, a .safetensors or a .pt."),
]


@app.command("train")
def train_command(
    model: Annotated[str, typer.Argument(help="The preset to train, such as vae.")],
    steps: Annotated[int | None, typer.Option(help="Optimiser steps; the preset's own when absent.")] = None,
    seed: Annotated[int | None, typer.Option(help="Decides everything that is random.")] = None,
    out: Annotated[Path | None, typer.Option(help="New run folder; runs/<id> when absent.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Images a step.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Adam's step size.")] = None,
    cooldown: Annotated[
        float | None, typer.Option(help="Last share of the steps, from 0 to 1, in which the step size falls to 0.")
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(help="mnist, mnist-sample, fashion-mnist; svhn for FSVAEs. When absent MNIST or SVHN."),
    ] = None,
    precision: Annotated[str | None, typer.Option(help="float32 or bfloat16, for the matrix products.")] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="A setting of the model: z=20, k=100, beta=3, hidden=400,200.")
    ] = None,
) -> None:
    """Train a model into a run folder. Ctrl-C stops it and keeps the last state."""
    from training.data.datasets import load_dataset
    from training.runs.config import TrainConfig
    from training.runs.run_index import new_run_id
    from training.runs.run_writer import RunWriter
    from training.system.folders import runs_folder

    config = TrainConfig.from_preset(
        model,
        steps=steps,
        seed=seed,
        batch_size=batch_size,
        learning_rate=learning_rate,
        cooldown=cooldown,
        data=data,
        precision=precision,
        model=dict(_setting(text) for text in settings) if settings else None,
    )
    load_dataset(config.data)  # before the run's folder is made: missing data leave no trace
    _train(RunWriter(out or runs_folder() / new_run_id(model, runs_folder()), config))


@app.command()
def resume(
    run: Annotated[Path, typer.Argument(help="The folder of a run that stopped, failed or broke off.")],
) -> None:
    """Go on with a run from its last kept state."""
    from training.runs.run_folder import Run
    from training.runs.run_writer import RunWriter

    opened = Run(run)
    opened.require_resumable()
    _train(RunWriter(run, opened.config, resume=True))


@app.command(hidden=True)
def work(run: Annotated[Path, typer.Argument(help="The folder of a queued run.")]) -> None:
    """Carry out a run that a server has queued."""
    from training.runs.run_folder import Run
    from training.runs.run_writer import RunWriter
    from training.runs.worker import train_into
    from training.system.device import prepare_thread

    prepare_thread()
    if hasattr(os, "nice"):
        os.nice(POLITENESS)  # pages answer first
    with _interruptible() as interrupted:
        train_into(RunWriter(run, Run(run).config, resume=True), should_stop=interrupted)


def _train(writer: Any) -> None:
    from training.data.registry import data_set
    from training.runs.events import Event, Measured
    from training.runs.worker import train_into
    from training.system.device import prepare_thread

    prepare_thread()
    config = writer.config
    errors.print(f"Training {config.preset} on {data_set(config.data).summary}, into {writer.path}")
    with _progress() as bar, _interruptible() as interrupted:
        task = bar.add_task("training", total=config.steps, completed=writer.kept["step"] if writer.kept else 0)

        def show(event: Event) -> None:
            if isinstance(event, Measured) and event.split == "train":
                terms = "  ".join(f"{name} {value:.2f}" for name, value in event.terms.items())
                bar.update(task, completed=event.step, description=terms)

        status = train_into(writer, should_stop=interrupted, on_event=show)
    if status.state == "failed":
        raise UserError(status.message)
    if status.state == "stopped":
        errors.print(f"Stopped at step {status.step:,}. Go on with: python -m training resume {writer.path}")
        raise typer.Exit(130)
    errors.print(f"Done: {status.step:,} steps in {status.seconds:.0f} s, {status.steps_per_second:.0f} steps/s.")


@app.command()
def evaluate(
    checkpoint: CheckpointPath,
    bounds: Annotated[
        str | None,
        typer.Option(
            help="The m of each IWAE-m bound; when absent 1,10,100,1000, for an SSVAE on the full test set 1,10,100, "
            "and none on SVHN."
        ),
    ] = None,
    sets: Annotated[
        str | None,
        typer.Option(
            help="homework, test, sample; svhn, svhn-1000; fashion, fashion-1000. When absent those of its card: "
            "homework,test for a model of MNIST."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Of all noise.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout and nothing else.")] = False,
) -> None:
    """Measure NELBO, KL, reconstruction and IWAE-m bounds; for an FSVAE also how far digit and style are apart.

    A set's standard errors are Monte-Carlo ones: how far a number moves under another seed on the same images. Those
    of digit and style (in JSON: "disentanglement") are over the images: how far it moves on as many other images.
    """
    from training.checkpoints.reading import load_checkpoint
    from training.data.registry import evaluation_set, whole
    from training.evaluation.bounds import check_bounds
    from training.evaluation.measuring import check_sets, measure, measure_accuracy, measure_style
    from training.system.device import prepare_thread

    asked = None if sets is None else check_sets(_words(sets))
    numbers = None if bounds is None else check_bounds([_whole_number(word) for word in _words(bounds)])
    loaded = load_checkpoint(checkpoint)
    source = whole(loaded.data)
    if asked is None:
        asked = list(source.measured_by_default)
    prepare_thread()
    present = [name for name in asked if evaluation_set(name)[0].on_disk()]
    for name in asked:
        if name not in present:
            way = evaluation_set(name)[0].how_to_get
            errors.print(f"The {name} set is left out: its data are not on disk, or not whole: {way}.")
    with _progress() as bar, _interruptible() as interrupted:
        tasks = {name: bar.add_task(f"{name} set", total=1.0) for name in present}

        def show(name: str, fraction: float) -> None:
            bar.update(tasks[name], completed=fraction)

        options: Any = {"seed": seed, "on_progress": show, "should_stop": interrupted}
        reports = measure(loaded, present, numbers, **options) if present else {}
        right = measure_accuracy(loaded)
        style = None
        if (everything := source.measured_by_default[-1]) in present:
            style = measure_style(loaded, report=reports[everything], seed=seed, on_missing_classifier=errors.print)
    if as_json:
        result: dict[str, Any] = {"checkpoint": str(checkpoint), "model": loaded.family.name}
        if right is not None:
            result["accuracy"] = right
        result["sets"] = {name: report.as_json() for name, report in reports.items()}
        if style is not None:
            result["disentanglement"] = style.as_json()
        typer.echo(json.dumps(result))
        return
    from training.cli.tables import report_table, style_table

    if reports:
        Console().print(report_table(loaded.name, reports))
    if right is not None:
        Console().print(f"Accuracy on the {source.test_images:,} test {source.plural}: {right:.4f}")
    if style is not None:
        Console().print(style_table(style, f"{source.title}'s test images"))


@app.command("diagnose")
def diagnose_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file of weights, or a folder with one.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout and nothing else.")] = False,
) -> None:
    """Say layer by layer how a file differs from the homework's network; exit code 1 if it does not load."""
    from training.checkpoints.reading import plain_names, read_content, read_tensors, weights_file
    from training.checkpoints.tensor_statistics import statistics_of
    from training.diagnosis.findings import diagnose

    found = weights_file(file)
    tensors, facts = read_tensors(read_content(found, found.name), found.name)
    diagnosis = diagnose(tensors, found.name, facts)
    if as_json:
        statistics = [asdict(row) for row in statistics_of(plain_names(tensors))]
        typer.echo(json.dumps({**diagnosis.as_json(), "statistics": statistics}))
    else:
        from training.cli.tables import layer_table

        console = Console(highlight=False, markup=False)
        console.print(layer_table(diagnosis))
        for line in (diagnosis.verdict, *diagnosis.notes):
            console.print(line, soft_wrap=True)
    raise typer.Exit(0 if diagnosis.fits else 1)


@app.command()
def sample(
    checkpoint: CheckpointPath,
    out: Annotated[Path, typer.Option(help="The PNG to write.")],
    count: Annotated[int, typer.Option(min=1, max=100_000, help="Number of images.")] = 200,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Of the latents.")] = 0,
    kind: Annotated[Kind, typer.Option(help="Bernoulli means, or binary samples.")] = Kind.means,
    temperature: Annotated[float, typer.Option(min=0.0, max=10.0, help="Factor on the prior's deviation.")] = 1.0,
) -> None:
    """Draw images from the prior as one PNG, 20 to a row, with no padding; an FSVAE's rows are digits 0-9."""
    from training.checkpoints.reading import load_checkpoint
    from training.pictures import grids as pictures

    _must_be_png(out)
    loaded = load_checkpoint(checkpoint)
    images = pictures.draw_samples(loaded.model, count, seed=seed, temperature=temperature, kind=kind.value)
    facts = {"checkpoint": loaded.sha256, "seed": seed, "temperature": temperature, "kind": kind.value}
    _write_picture(out, pictures.png_bytes(pictures.grid(images), **facts))


@app.command("swap")
def swap_command(
    checkpoint: CheckpointPath,
    out: Annotated[Path, typer.Option(help="The PNG to write.")],
    styles: Annotated[
        str, typer.Option(help="prior, bank, or numbers of test images in file order: 3,14,15.")
    ] = "prior",
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Of the styles of prior and bank.")] = 0,
) -> None:
    """Draw every digit in every style as one PNG with no padding: a row per digit 0-9, a column per style."""
    from training.checkpoints.reading import load_checkpoint
    from training.pictures import grids as pictures
    from training.pictures.styles import conditional_model, find_styles, swap

    _must_be_png(out)
    loaded = load_checkpoint(checkpoint)
    model = conditional_model(loaded)
    found = find_styles(loaded, styles, seed=seed, model=model).z
    images = pictures.to_uint8(swap(model, found))
    facts = {"checkpoint": loaded.sha256, "styles": styles, "seed": seed}
    _write_picture(out, pictures.png_bytes(pictures.grid(images, columns=len(found)), **facts))


@app.command()
def download(
    name: Annotated[
        str,
        typer.Argument(
            metavar="DATA",
            help="mnist (11 MB), fashion-mnist (30 MB) or svhn (246 MB, for non-commercial use only).",
        ),
    ] = "mnist",
) -> None:
    """Download a data set into the data folder, checking its digests."""
    from training.data.datasets import load_dataset
    from training.data.registry import DATA_SETS, data_set
    from training.system.errors import one_of
    from training.system.folders import data_folder

    source = data_set(name)
    if source.download is None:
        fetched = [each.name for each in DATA_SETS.values() if each.download is not None]
        raise UserError(f"The {source.title} comes with the app: to download, choose {one_of(fetched)}.")
    with _progress() as bar, _interruptible() as interrupted:
        task = bar.add_task(source.title, total=1.0)

        def show(fraction: float) -> None:
            if interrupted():
                raise Cancelled
            bar.update(task, completed=fraction)

        source.download(show)
    load_dataset(source.name)
    errors.print(f"The full {source.title} is in {data_folder()}. {source.licence}")


@app.command("train-reader")
def train_classifier_command(
    epochs: Annotated[int, typer.Option(min=1, max=100, help="Passes over SVHN's training images.")] = 10,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Of weights, order and shifts.")] = 0,
    out: Annotated[Path | None, typer.Option(help="The file to write; the shipped one when absent.")] = None,
) -> None:
    """Train the small classifier of SVHN that judges swapped digits."""
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
    with _progress() as bar, _interruptible() as interrupted:
        task = bar.add_task("reader", total=1.0)

        def show(fraction: float) -> None:
            bar.update(task, completed=fraction)

        model = train_classifier(data, epochs=epochs, seed=seed, on_progress=show, should_stop=interrupted)
    right = classifier_accuracy(model, data.test)
    write_classifier(model, right, file)
    errors.print(f"{file}: it reads {right:.2%} of {source.title}'s test images rightly.")


@app.command()
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
    with _progress() as bar:
        task = bar.add_task("benchmark", total=1.0)
        result = measure_speed(
            repeats=repeats,
            iwae_repeats=iwae_repeats,
            samples=samples,
            on_progress=lambda fraction: bar.update(task, completed=fraction),
        )
    if as_json:
        typer.echo(json.dumps(result))
    else:
        Console().print(speed_table(result))


@app.command()
def profile(
    preset: Annotated[str, typer.Argument(help="What to train; `train --help` lists the presets.")] = "vae",
    steps: Annotated[int, typer.Option(min=1, max=10_000, help="Timed, and then watched.")] = 50,
) -> None:
    """Show where the time of a training step goes, by PyTorch's operations."""
    os.environ.setdefault("KINETO_LOG_LEVEL", "99")  # else its start and stop are lines on stderr
    from training.benchmark.profile import step_profile
    from training.cli.tables import profile_table
    from training.system.device import prepare_thread

    prepare_thread()
    Console().print(profile_table(step_profile(preset, steps)))


@app.command()
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
    from training.system.errors import one_of
    from training.system.folders import PRETRAINED, runs_folder

    prepare_thread()
    for name in names:
        if name not in PRESETS:
            raise UserError(f"There is no model {name!r}: choose {one_of(PRESETS)}.")
        with _progress() as bar:
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


@app.command("label-points")
def label_points_command(
    presets: Annotated[list[str], typer.Argument(help="ssvae, ssvae-supervised, or both.")],
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
    from training.system.errors import one_of
    from training.system.folders import runs_folder

    prepare_thread()
    allowed = [name for name, preset in PRESETS.items() if "labelled" in type(preset.model).model_fields]
    for name in presets:
        if name not in allowed:
            raise UserError(f"{name!r} does not learn from labels: choose {one_of(allowed)}.")
    for name in presets:
        for count in labelled or (50, 300, 1000):
            with _progress() as bar:
                task = bar.add_task(f"{name}, {count:,} labels", total=PRESETS[name].steps)

                def trained(event: Event, bar: Progress = bar, task: Any = task) -> None:
                    bar.update(task, completed=event.step)

                work = runs_folder() / f"label-point-{name}-{count}-{seed}"
                point = make_label_point(name, count, work, seed=seed, on_event=trained)
            keep_label_point(point)
            typer.echo(f"{name}, {count:,} labels: accuracy {point.accuracy:.4f}")


@app.command()
def pictures(
    folders: Annotated[list[Path], typer.Argument(help="Folders of shipped models, such as pretrained/gmvae.")],
) -> None:
    """Draw anew the pictures that ship with models, from their weights."""
    from training.release.first_pictures import write_first_pictures

    for folder in folders:
        write_first_pictures(folder)


@app.command()
def readme(
    file: Annotated[Path | None, typer.Argument(help="The README; the project's own when absent.")] = None,
) -> None:
    """Write the tables of numbers in the README anew, from the cards of the shipped models."""
    from training.release.readme import write_tables
    from training.system.folders import PROJECT

    target = file or PROJECT / "README.md"
    errors.print(f"{target}: {'written anew' if write_tables(target) else 'already true'}.")


def _must_be_png(out: Path) -> None:
    """Refuse the name of a picture of another kind; a name that is no picture's is the caller's own affair."""
    from PIL import Image

    if Image.registered_extensions().get(out.suffix.lower(), "PNG") != "PNG":
        raise UserError(f"{out} would hold a PNG under another kind's name: end --out with .png.")


def _write_picture(out: Path, png: bytes) -> None:
    from training.system.files import replace_file

    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        replace_file(out, png)
    except OSError as error:
        raise UserError(f"{out} cannot be written ({error.strerror}): choose another --out.") from error


def _setting(text: str) -> tuple[str, str | list[str]]:
    """The name and the value, or values, of "name=value"; what they mean is for the model's config to say."""
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise UserError(f"A setting is written name=value, such as z=20, and {text!r} is not.")
    return name.strip(), _words(value) if "," in value else value.strip()


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _whole_number(word: str) -> int:
    try:
        return int(word)
    except ValueError:
        raise UserError(f"Bounds are whole numbers such as 1,10,100, and {word!r} is not one.") from None


def _progress() -> Progress:
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
def _interruptible() -> Iterator[Callable[[], bool]]:
    """Turn the first Ctrl-C into a polite request to stop; a second one breaks off at once."""
    asked = threading.Event()

    def handle(*_: object) -> None:
        asked.set()
        signal.signal(signal.SIGINT, previous)

    previous = signal.signal(signal.SIGINT, handle)
    try:
        yield asked.is_set
    finally:
        signal.signal(signal.SIGINT, previous)


def main() -> None:
    """Run the command line; every error it can foresee is one sentence on stderr and exit code 2."""
    try:
        code = app(standalone_mode=False)
    except UserError as error:
        errors.print(f"error: {error}")
        sys.exit(2)
    except Cancelled:
        errors.print("Cancelled.")
        sys.exit(130)
    except TyperException as error:
        if problem := " ".join(error.format_message().split()).rstrip("."):
            errors.print(f"error: {problem}; `python -m training --help` lists what there is.")
        sys.exit(2)
    except (typer.Abort, KeyboardInterrupt):
        sys.exit(130)
    except OSError as error:  # a full disk, a closed pipe
        errors.print(f"error: {error}.")
        sys.exit(2)
    sys.exit(code if isinstance(code, int) else 0)
