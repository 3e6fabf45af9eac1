"""Commands that measure a model and say what is wrong with a file."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from training.cli.console import CheckpointPath, errors, interruptible, print_json, progress, whole_number, words
from training.data.registry import DATA_SETS
from training.system.errors import UserError

__all__ = ["diagnose_command", "evaluate"]


def evaluate(
    checkpoint: CheckpointPath,
    bounds: Annotated[
        str | None,
        typer.Option(
            help="The m of each IWAE-m bound; when absent 1,10,100,1000 on binary images, up to 100 where labels are "
            "summed out on a full test set, and none on colour images."
        ),
    ] = None,
    sets: Annotated[
        str | None,
        typer.Option(
            help="; ".join(
                f"{', '.join(each.name for each in data.evaluation_sets)} for a model of {data.title}"
                for data in DATA_SETS.values()
            )
            + ". When absent its card's; for MNIST without the download, those that come with the app."
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
    from training.cluster.in_order import own_cores
    from training.data.registry import at_hand, evaluation_set, whole
    from training.data.seen import learned_from_in_words, may_have_seen, seen_in_words
    from training.evaluation.bounds import check_bounds
    from training.evaluation.evaluate import check_sets, measure, measure_accuracy, measure_style
    from training.system.device import prepare_thread

    asked = None if sets is None else check_sets(words(sets))
    numbers = None if bounds is None else check_bounds([whole_number(word) for word in words(bounds)])
    loaded = load_checkpoint(checkpoint)
    source = whole(loaded.data)
    if asked is None:
        asked = list(at_hand(loaded.data).measured_by_default)
    prepare_thread()
    present = [name for name in asked if evaluation_set(name)[0].on_disk()]
    if not present:
        raise UserError(f"There is nothing to measure {loaded.name} on: {_absent(asked[0])}")
    for name in asked:
        if name not in present:
            errors.print(f"The {name} set is left out: {_absent(name)}")
    with progress() as bar, interruptible() as interrupted:
        tasks = {name: bar.add_task(f"{name} set", total=1.0) for name in present}

        def show(name: str, fraction: float) -> None:
            bar.update(tasks[name], completed=fraction)

        options: Any = {"seed": seed, "cores": own_cores(), "on_progress": show, "should_stop": interrupted}
        reports = measure(loaded, present, numbers, **options)
        right = measure_accuracy(loaded)
        style = None
        if (everything := source.measured_by_default[-1]) in present:
            style = measure_style(loaded, report=reports[everything], seed=seed, on_missing_classifier=errors.print)
    if as_json:
        result: dict[str, Any] = {"checkpoint": str(checkpoint), "model": loaded.family.name}
        if right is not None:
            result |= {"accuracy": right.share, "accuracy_images": right.images}
        result["learned_from"] = learned_from_in_words(loaded.learned_from)
        result["learned_from_these_images"] = {name: may_have_seen(loaded.learned_from, name).value for name in reports}
        result["sets"] = {name: report.as_json() for name, report in reports.items()}
        if style is not None:
            result["disentanglement"] = style.as_json()
        print_json(result)
        return
    from training.cli.tables import report_table, style_table

    Console().print(report_table(loaded.name, reports))
    if reports and loaded.config.free_numbers():
        Console().print(f"p(x|z, y): {loaded.likelihood}")
    if right is not None:
        Console().print(f"Accuracy on {right.images:,} test {source.plural}: {right.share:.2%}")
    if style is not None:
        Console().print(style_table(style, f"{source.title}'s test images"))
    seen = [sentence for name in reports for sentence in seen_in_words({loaded.name: loaded.learned_from}, name)]
    for sentence in dict.fromkeys(seen):
        Console(highlight=False, markup=False).print(sentence, soft_wrap=True)


def _absent(name: str) -> str:
    """Why there is no evaluation set of this name here, and what to do."""
    from training.data.registry import evaluation_set

    source = evaluation_set(name)[0]
    return source.problem() or f"the {name} set is not on disk: {source.how_to_get}."


def diagnose_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file of weights, or a folder with one.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout and nothing else.")] = False,
) -> None:
    """Say layer by layer how a file differs from the homework's network; exit code 1 if it does not load."""
    from training.checkpoints.reading import plain_names, read_tensors, weights_file
    from training.checkpoints.tensor_statistics import statistics_of
    from training.diagnosis.findings import diagnose

    found = weights_file(file)
    tensors, facts = read_tensors(found, found.name)[:2]
    diagnosis = diagnose(tensors, found.name, facts)
    if as_json:
        statistics = [asdict(row) for row in statistics_of(plain_names(tensors))]
        print_json({**diagnosis.as_json(), "statistics": statistics})
    else:
        from training.cli.tables import layer_table

        console = Console(highlight=False, markup=False)
        console.print(layer_table(diagnosis))
        for line in (diagnosis.verdict, *diagnosis.notes):
            console.print(line, soft_wrap=True)
    raise typer.Exit(0 if diagnosis.fits else 1)
