"""The evaluation sets by name: what they are, in which data set, how many images. Light (no torch)."""

from dataclasses import dataclass

from training.data.names import DatasetName
from training.system.errors import UserError, one_of

__all__ = ["EVALUATION_SETS", "EvaluationSet", "evaluation_set"]


@dataclass(frozen=True)
class EvaluationSet:
    """Images on which models are measured."""

    title: str
    dataset: DatasetName
    images: int


EVALUATION_SETS: dict[str, EvaluationSet] = {
    "homework": EvaluationSet("homework set, 100 test digits", "mnist", 100),
    "test": EvaluationSet("full test set, 10,000 digits", "mnist", 10_000),
    "sample": EvaluationSet("1,000 held-out digits of the embedded sample", "mnist-sample", 1000),
    "svhn": EvaluationSet("SVHN test set, 26,032 digits", "svhn", 26_032),
    "svhn-1000": EvaluationSet("first 1,000 digits of the SVHN test set", "svhn", 1000),
}


def evaluation_set(name: str) -> EvaluationSet:
    """The evaluation set of that name.

    Raises:
        UserError: there is none.
    """
    if name not in EVALUATION_SETS:
        raise UserError(f"There is no evaluation set {name!r}: choose {one_of(EVALUATION_SETS)}.")
    return EVALUATION_SETS[name]
