"""Measure a checkpoint on named evaluation sets: what `python -m training evaluate` and the pages both call."""

from collections.abc import Callable, Sequence
from typing import Any

from models.family import ImageKind
from models.fsvae import ConditionalVAE
from training.checkpoints.reading import Checkpoint
from training.data.datasets import Dataset, load_dataset
from training.data.evaluation_sets import EVALUATION_SETS, evaluation_set
from training.data.mnist_files import mnist_on_disk
from training.data.names import best_dataset_name, datasets_of, default_dataset, on_disk
from training.evaluation.bounds import BOUNDS, PASSES, SetReport, check_bounds, evaluate
from training.evaluation.classification import accuracy
from training.evaluation.digit_classifier import load_classifier
from training.evaluation.disentanglement import Disentanglement, measure_disentanglement
from training.system.errors import UserError, one_of

__all__ = [
    "DEFAULT_BOUNDS",
    "DEFAULT_SETS",
    "available_sets",
    "check_sets",
    "dataset_of",
    "default_bounds",
    "measure",
    "measure_accuracy",
    "measure_style",
    "sets_of",
]

DEFAULT_SETS: dict[ImageKind, tuple[str, ...]] = {"binary": ("homework", "test"), "colour": ("svhn",)}
DEFAULT_BOUNDS: dict[ImageKind, tuple[int, ...]] = {"binary": BOUNDS, "colour": ()}
FEW_IMAGES, LARGEST_WITH_LABELS = 1000, 100
_PASSES: dict[ImageKind, int] = {"binary": PASSES, "colour": 10}  # 26,032 images need fewer than the homework's 100


def dataset_of(name: str) -> Dataset:
    """The dataset that an evaluation set is part of."""
    return load_dataset(evaluation_set(name).dataset)


def sets_of(kind: ImageKind) -> list[str]:
    """Names of the evaluation sets of one kind of images."""
    return [name for name, each in EVALUATION_SETS.items() if each.dataset in datasets_of(kind)]


def available_sets(kind: ImageKind = "binary") -> list[str]:
    """Names of the evaluation sets of one kind of images to measure on: the best data set at hand has them all.

    So the embedded sample is one only where the full MNIST is not on disk.
    """
    best = best_dataset_name(kind)
    return [name for name in sets_of(kind) if evaluation_set(name).dataset == best] if on_disk(best) else []


def default_bounds(checkpoint: Checkpoint, name: str) -> tuple[int, ...]:
    """The m of the bounds that are measured unless somebody chooses: fewer where the label is summed out.

    Then each sample is decoded once for every label, and a thousand of them on ten thousand images take hours.
    """
    bounds = DEFAULT_BOUNDS[checkpoint.family.images]
    model: Any = checkpoint.build()
    if model.uses_labels and evaluation_set(name).images > FEW_IMAGES:
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
        raise UserError(f"Name at least one evaluation set: {one_of(EVALUATION_SETS)}.")
    return list(dict.fromkeys(names))


def measure_accuracy(checkpoint: Checkpoint) -> float | None:
    """Accuracy on all 10,000 test digits, fed grey; None without the data, or a classifier of ten digits."""
    model: Any = checkpoint.build()
    if not hasattr(model, "classify") or model.config.y < 10 or not mnist_on_disk():
        return None
    return accuracy(model, load_dataset("mnist").test)


def measure_style(
    checkpoint: Checkpoint,
    *,
    report: SetReport | None = None,
    seed: int = 0,
    on_missing_classifier: Callable[[str], None] = lambda sentence: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Disentanglement | None:
    """How well a conditional model keeps digit and style apart; None without SVHN, or for any other model.

    Arguments:
        report: of this model on the svhn set; measured here, without bounds, when absent.
        on_missing_classifier: hears why there is no content accuracy, if the shipped classifier is not there.
        should_stop: asked several times a second while a report is measured.

    Raises:
        UserError: SVHN cannot be read, or the model cannot be measured on it.
        Cancelled: `should_stop` answered yes.
    """
    model = checkpoint.build()
    if not isinstance(model, ConditionalVAE) or not on_disk("svhn"):
        return None
    read = None
    try:
        read = load_classifier().model.read
    except UserError as error:
        on_missing_classifier(str(error))
    if report is None:
        report = measure(checkpoint, ["svhn"], (), seed=seed, should_stop=should_stop)["svhn"]
    return measure_disentanglement(model, load_dataset("svhn"), read, report, seed=seed)


def measure(
    checkpoint: Checkpoint,
    sets: Sequence[str],
    bounds: Sequence[int] | None = None,
    *,
    seed: int = 0,
    passes: int | None = None,
    on_progress: Callable[[str, float], None] = lambda name, fraction: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> dict[str, SetReport]:
    """Evaluate one checkpoint on each set in turn, NELBO and bounds together.

    Arguments:
        bounds: the m of each IWAE-m; each set's `default_bounds` when absent.
        passes: over the images; the protocol's own number when absent.
        on_progress: called with the set's name and the fraction of it that is done.

    Raises:
        UserError: unknown set or bound, a set that is not of this model's kind of images, or data that are not on
            disk.
        Cancelled: `should_stop` answered yes.
    """
    sets, bounds = check_sets(sets), None if bounds is None else check_bounds(bounds)
    kind = checkpoint.family.images
    for name in sets:
        if name not in sets_of(kind):
            raise UserError(
                f"{checkpoint.name} is a model of {default_dataset(kind).upper()}: measure it on "
                f"{one_of(sets_of(kind))}, not on {name}."
            )
    model = checkpoint.build()
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
            passes=_PASSES[kind] if passes is None else passes,
            on_progress=progress,
            should_stop=should_stop,
        )
    return reports
