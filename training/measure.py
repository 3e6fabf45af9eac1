"""Measure a checkpoint on named evaluation sets: what `python -m training evaluate` and the pages both call."""

from collections.abc import Callable, Sequence
from typing import Any

from training.checkpoints import Checkpoint
from training.data import EVALUATION_SETS, Dataset, load_dataset
from training.errors import UserError, one_of
from training.evaluate import BOUNDS, SetReport, accuracy, check_bounds, evaluate
from training.mnist_files import mnist_on_disk

__all__ = ["available_sets", "check_sets", "dataset_of", "measure", "measure_accuracy"]


def dataset_of(evaluation_set: str) -> Dataset:
    """The dataset that an evaluation set is part of."""
    return load_dataset("mnist-sample" if evaluation_set == "sample" else "mnist")


def available_sets() -> list[str]:
    """Names of the evaluation sets whose data are at hand."""
    return [name for name in EVALUATION_SETS if name == "sample" or mnist_on_disk()]


def check_sets(names: Sequence[str]) -> list[str]:
    """The names, each once, in the order given.

    Raises:
        UserError: an unknown name, or none at all.
    """
    for name in names:
        if name not in EVALUATION_SETS:
            raise UserError(f"There is no evaluation set {name!r}: choose {one_of(EVALUATION_SETS)}.")
    if not names:
        raise UserError(f"Name at least one evaluation set: {one_of(EVALUATION_SETS)}.")
    return list(dict.fromkeys(names))


def measure_accuracy(checkpoint: Checkpoint) -> float | None:
    """Accuracy on all 10,000 test digits, fed grey; None without the data, or a classifier of ten digits."""
    model: Any = checkpoint.build()
    if not hasattr(model, "classify") or model.config.y < 10 or not mnist_on_disk():
        return None
    return accuracy(model, load_dataset("mnist").test)


def measure(
    checkpoint: Checkpoint,
    sets: Sequence[str],
    bounds: Sequence[int] = BOUNDS,
    *,
    seed: int = 0,
    on_progress: Callable[[str, float], None] = lambda name, fraction: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> dict[str, SetReport]:
    """Evaluate one checkpoint on each set in turn, NELBO and bounds together.

    Arguments:
        on_progress: called with the set's name and the fraction of it that is done.

    Raises:
        UserError: unknown set or bound, or data that are not on disk.
        Cancelled: `should_stop` answered yes.
    """
    sets, bounds = check_sets(sets), check_bounds(bounds)
    model = checkpoint.build()
    reports = {}
    for name in sets:
        images = dataset_of(name).evaluation_set(name)

        def progress(fraction: float, name: str = name) -> None:
            on_progress(name, fraction)

        reports[name] = evaluate(model, images, bounds, seed=seed, on_progress=progress, should_stop=should_stop)
    return reports
