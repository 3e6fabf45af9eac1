"""Every data set. A new one is one file and one line here. Light (no torch, no numpy)."""

from importlib import import_module
from typing import TYPE_CHECKING

from training.data.data_set import DataSet, EvaluationSet
from training.system.errors import UserError, one_of

if TYPE_CHECKING:
    from models.family import ImageKind

__all__ = [
    "DATA_SETS",
    "at_hand",
    "best_data_set",
    "data_set",
    "data_set_or_first",
    "default_data_set",
    "evaluation_set",
    "evaluation_sets",
    "named_or_default",
    "of_kind",
    "same_images",
    "whole",
]

MODULES = (
    "mnist",
    "mnist_sample",
    "svhn",
    "fashion_mnist",
)

_EVERY_DATA_SET: list[DataSet] = [import_module(f"training.data.{module}").DATA for module in MODULES]
DATA_SETS: dict[str, DataSet] = {data.name: data for data in _EVERY_DATA_SET}


def data_set(name: str) -> DataSet:
    """The data set of that name.

    Raises:
        UserError: there is none.
    """
    if name not in DATA_SETS:
        raise UserError(f"There is no dataset {name!r}: choose {one_of(DATA_SETS)}.")
    return DATA_SETS[name]


def of_kind(images: "ImageKind") -> list[DataSet]:
    """The data sets with images of this kind; of a data set and the sample that stands in for it, the sample last."""
    return [data for data in DATA_SETS.values() if data.images == images]


def default_data_set(images: "ImageKind") -> DataSet:
    """What a model learned from, as far as anybody can tell from its weights alone: the first of their kind."""
    return of_kind(images)[0]


def data_set_or_first(name: str) -> DataSet:
    """The data set of that name; the first one where a folder does not say, or names one that is not known here."""
    return DATA_SETS.get(name) or next(iter(DATA_SETS.values()))


def named_or_default(name: str, images: "ImageKind") -> DataSet:
    """The data set of that name where there is one with images of this kind, else their default."""
    named = DATA_SETS.get(name)
    return named if named is not None and named.images == images else default_data_set(images)


def whole(name: str) -> DataSet:
    """A data set, or the one that it stands in for: models of both are models of the same images."""
    data = data_set(name)
    return data_set(data.stands_in_for) if data.stands_in_for else data


def same_images(name: str, other: str) -> bool:
    """Whether two data sets, by name, are of the same images, so that numbers of their models can be compared.

    A name of which nothing is known is that of no images.
    """
    return name in DATA_SETS and other in DATA_SETS and whole(name) is whole(other)


def at_hand(name: str) -> DataSet:
    """Where to take images of this data set from: itself, or what stands in for it while it is not on disk."""
    full = whole(name)
    stand_in = next((data for data in DATA_SETS.values() if data.stands_in_for == full.name), full)
    return full if full.on_disk() else stand_in


def best_data_set(images: "ImageKind" = "binary") -> DataSet:
    """The data set to take unless somebody says otherwise."""
    return at_hand(default_data_set(images).name)


def evaluation_sets(name: str) -> list[EvaluationSet]:
    """The evaluation sets for models of a data set: those of the whole, of which its stand-in has some too."""
    return list(whole(name).evaluation_sets)


def evaluation_set(name: str) -> tuple[DataSet, EvaluationSet]:
    """The evaluation set of that name, and the data set to take it from: one on disk, if any that has it is.

    Raises:
        UserError: there is none.
    """
    having = [(data, each) for data in DATA_SETS.values() for each in data.evaluation_sets if each.name == name]
    if not having:
        every = dict.fromkeys(each.name for data in DATA_SETS.values() for each in data.evaluation_sets)
        raise UserError(f"There is no evaluation set {name!r}: choose {one_of(every)}.")
    return next((pair for pair in having if pair[0].on_disk()), having[0])
