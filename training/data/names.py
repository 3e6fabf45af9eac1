"""Short questions about data sets by name, for pages. Light (no torch)."""

from typing import TYPE_CHECKING

from training.data.registry import DATA_SETS, best_data_set, data_set, of_kind

if TYPE_CHECKING:
    from models.family import ImageKind

__all__ = ["DATASETS", "LICENCES", "best_dataset_name", "datasets_of", "on_disk"]

DATASETS = {name: data.summary for name, data in DATA_SETS.items()}
LICENCES = {name: data.licence for name, data in DATA_SETS.items()}


def datasets_of(images: "ImageKind") -> tuple[str, ...]:
    """Names of the data sets that hold images of this kind, the full one first."""
    return tuple(data.name for data in of_kind(images))


def best_dataset_name(images: "ImageKind" = "binary") -> str:
    """The data set to take unless somebody says otherwise: the full one, or MNIST's sample in its place."""
    return best_data_set(images).name


def on_disk(name: str) -> bool:
    """Whether a data set's files are there; what is in them is checked on loading."""
    return data_set(name).on_disk()
