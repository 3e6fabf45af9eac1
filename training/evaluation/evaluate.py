"""Measure a checkpoint on named evaluation sets: what `python -m training evaluate` and the pages both call."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from models.contract import Classifier, Conditional, role
from training.checkpoints.reading import Checkpoint
from training.data.datasets import Dataset, load_dataset
from training.data.registry import DATA_SETS, at_hand, evaluation_set, evaluation_sets, whole
from training.evaluation.bounds import SetReport, check_bounds, evaluate
from training.evaluation.classification import accuracy
from training.evaluation.digit_classifier import classifier_file, load_classifier
from training.evaluation.disentanglement import Disentanglement, measure_disentanglement
from training.system.errors import UserError, one_of

__all__ = [
    "Accuracy",
    "available_sets",
    "check_sets",
    "dataset_of",
    "default_bounds",
    "measure",
    "measure_accuracy",
    "measure_style",
    "sets_of",
]

FEW_IMAGES, LARGEST_WITH_LABELS = 1000, 100


def dataset_of(name: str) -> Dataset:
    """The dataset that an evaluation set is part of."""
    return load_dataset(evaluation_set(name)[0].name)


def sets_of(data: str) -> list[str]:
    """Names of the evaluation sets for models of a data set."""
    return [each.name for each in evaluation_sets(data)]


def available_sets(data: str) -> list[str]:
    """Names of those to measure on here: of the data set if it is on disk, else of what stands in for it."""
    source = at_hand(data)
    return [each.name for each in source.evaluation_sets] if source.on_disk() else []


def default_bounds(checkpoint: Checkpoint, name: str) -> tuple[int, ...]:
    """The m of the bounds that are measured unless somebody chooses: fewer where the label is summed out.

    Then each sample is decoded once for every label, and a thousand of them on ten thousand images take hours.
    """
    bounds = whole(checkpoint.data).bounds
    if checkpoint.model.uses_labels and evaluation_set(name)[1].images > FEW_IMAGES:
        return tuple(m for m in bounds if m <= LARGEST_WITH_LABELS)
    return bounds


def check_sets(names: Sequence[str]) -> list[str]:
    """The names, each once, in the order given.

    Raises:
        UserError: an unknown name, or none at all.
    """
    for name in names:
        evaluation_set(name)
    if not names:
        every = dict.fromkeys(each.name for data in DATA_SETS.values() for each in data.evaluation_sets)
        raise UserError(f"Name at least one evaluation set: {one_of(every)}.")
    return list(dict.fromkeys(names))


class Accuracy(NamedTuple):
    """The share of `images` test images whose likeliest label is right, 0..1."""

    share: float
    images: int


def measure_accuracy(checkpoint: Checkpoint) -> Accuracy | None:
    """Accuracy on the test images at hand, fed grey: all of its data set's, else those of what stands in for it.

    None without either, or without a classifier of its classes.
    """
    model = role(checkpoint.model, Classifier)
    source = at_hand(checkpoint.data)
    if model is None or model.config.y < len(source.classes) or not source.on_disk():
        return None
    test = load_dataset(source.name).test
    return Accuracy(accuracy(model, test), len(test))


def measure_style(
    checkpoint: Checkpoint,
    *,
    report: SetReport | None = None,
    seed: int = 0,
    on_missing_classifier: Callable[[str], None] = lambda sentence: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Disentanglement | None:
    """How well a conditional model keeps digit and style apart; None without its data, or for any other model.

    Arguments:
        report: of this model on all test images; measured here, without bounds, when absent.
        on_missing_classifier: called with the reason, if the shipped classifier is not there.
        should_stop: asked several times a second while a report is measured.

    Raises:
        UserError: its data cannot be read, or the model cannot be measured on them.
        Cancelled: `should_stop` answered yes.
    """
    model = role(checkpoint.model, Conditional)
    source = whole(checkpoint.data)
    if model is None or not source.on_disk():
        return None
    read = None
    try:
        read = load_classifier(classifier_file(source.name)).model.read
    except UserError as error:
        on_missing_classifier(str(error))
    if report is None:
        everything = source.measured_by_default[-1]
        report = measure(checkpoint, [everything], (), seed=seed, should_stop=should_stop)[everything]
    return measure_disentanglement(model, load_dataset(source.name), read, report, seed=seed)


def measure(
    checkpoint: Checkpoint,
    sets: Sequence[str],
    bounds: Sequence[int] | None = None,
    *,
    seed: int = 0,
    passes: int | None = None,
    cores: int = 1,
    on_progress: Callable[[str, float], None] = lambda name, fraction: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> dict[str, SetReport]:
    """Evaluate one checkpoint on each set in turn, NELBO and bounds together.

    Arguments:
        bounds: the m of each IWAE-m; each set's `default_bounds` when absent.
        passes: over the images; the protocol's own number when absent.
        cores: of this machine that measure at once; no digit depends on it.
        on_progress: called with the set's name and the fraction of it that is done.

    Raises:
        UserError: unknown set or bound, a set of other images than this model's, or data that are not on
            disk.
        Cancelled: `should_stop` answered yes.
    """
    sets, bounds = check_sets(sets), None if bounds is None else check_bounds(bounds)
    source = whole(checkpoint.data)
    for name in sets:
        if name not in sets_of(source.name):
            raise UserError(
                f"{checkpoint.name} is a model of {source.title}: measure it on {one_of(sets_of(source.name))}, not "
                f"on {name}."
            )
    model = checkpoint.model
    reports = {}
    for name in sets:
        data = dataset_of(name)
        images, labels = data.evaluation_set(name), data.evaluation_labels(name)

        def progress(fraction: float, name: str = name) -> None:
            on_progress(name, fraction)

        reports[name] = evaluate(
            model,
            images,
            default_bounds(checkpoint, name) if bounds is None else bounds,
            labels=labels,
            seed=seed,
            passes=source.passes if passes is None else passes,
            cores=cores,
            on_progress=progress,
            should_stop=should_stop,
        )
    return reports
