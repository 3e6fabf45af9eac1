"""The data sets by name: what they are, which models they are for, under which licence.

This module stays light (no torch), so that a page can say which data it uses before anything heavy is loaded.
"""

from typing import TYPE_CHECKING, Literal

from training.data.mnist_files import mnist_on_disk
from training.data.svhn_files import svhn_on_disk

if TYPE_CHECKING:
    from models.family import ImageKind

__all__ = ["DATASETS", "LICENCES", "DatasetName", "best_dataset_name", "datasets_of", "default_dataset", "on_disk"]

DatasetName = Literal["mnist", "mnist-sample", "svhn"]
DATASETS: dict[str, str] = {
    "mnist": "MNIST, 60,000 training and 10,000 test digits",
    "mnist-sample": "embedded sample, 4,000 training and 1,000 held-out digits",
    "svhn": "SVHN, 73,257 training and 26,032 test digits in colour",
}
LICENCES = {
    "mnist": "MNIST: Y. LeCun, C. Cortes, C. Burges; CC BY-SA 3.0.",
    "svhn": "SVHN: Y. Netzer et al., Reading Digits in Natural Images, 2011; for non-commercial use only.",
}
_NAMES: "dict[ImageKind, tuple[DatasetName, ...]]" = {"binary": ("mnist", "mnist-sample"), "colour": ("svhn",)}


def datasets_of(images: "ImageKind") -> "tuple[DatasetName, ...]":
    """Names of the data sets that hold images of this kind, the full one first."""
    return _NAMES[images]


def default_dataset(images: "ImageKind") -> DatasetName:
    """What a model learned from, as far as anybody can tell from its weights alone: the first set of its kind."""
    return datasets_of(images)[0]


def best_dataset_name(images: "ImageKind" = "binary") -> DatasetName:
    """The data set to take unless somebody says otherwise: the full one, or MNIST's sample in its place."""
    full, *smaller = datasets_of(images)
    return smaller[0] if smaller and not on_disk(full) else full


def on_disk(name: DatasetName) -> bool:
    """Whether a data set's files are there; what is in them is checked on loading."""
    return {"mnist": mnist_on_disk, "mnist-sample": lambda: True, "svhn": svhn_on_disk}[name]()
