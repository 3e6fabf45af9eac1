"""MNIST as in-memory tensors: the full set where it is on disk, else an embedded sample of 5,000 digits.

The two never mix: every tensor comes from one named `Dataset`, and the homework's evaluation sets exist only
for the full one.
"""

import threading
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from training import homework
from training.errors import UserError, one_of
from training.folders import PROJECT, data_folder
from training.mnist_files import (
    DATASETS,
    DatasetName,
    first_unofficial_file,
    mnist_on_disk,
)

__all__ = ["EVALUATION_SETS", "Dataset", "Digits", "load_dataset"]

EVALUATION_SETS: dict[str, str] = {
    "homework": "homework set, 100 test digits",
    "test": "full test set, 10,000 digits",
    "sample": "1,000 held-out digits of the embedded sample",
}

SAMPLE_FILE = PROJECT / "assets" / "mnist-sample.npz"
HELD_OUT_PER_CLASS = 100

_lock = threading.Lock()
_loaded: dict[tuple[str, Path], "Dataset"] = {}


@dataclass(frozen=True)
class Digits:
    """Grey images, uint8 (n, 784), and their classes, int64 (n,), in file order."""

    images: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class Dataset:
    """Training and held-out digits of one named source."""

    name: DatasetName
    train: Digits
    test: Digits

    @property
    def title(self) -> str:
        return DATASETS[self.name]

    @cached_property
    def labelled(self) -> Digits:
        """100 labelled training images, ten of each class, grey.

        They are the homework's on the full data; the embedded sample does not hold those, and takes its first ten.
        """
        positions = homework.LABELLED_POSITIONS if self.name == "mnist" else [list(range(10))] * 10
        chosen = homework.choose(self.train.labels, positions)
        return Digits(self.train.images[chosen], self.train.labels[chosen])

    def evaluation_set(self, name: str) -> Tensor:
        """Binary images of an evaluation set, float32 (n, 784): the same bits at every call.

        Arguments:
            name: "homework" or "test" on the full data, "sample" on the embedded sample.

        Raises:
            UserError: no such set, or its data are not in this dataset.
        """
        if name not in EVALUATION_SETS:
            raise UserError(f"There is no evaluation set {name!r}: choose {one_of(EVALUATION_SETS)}.")
        if name == "sample":
            if self.name != "mnist-sample":
                raise UserError("The set 'sample' belongs to the embedded sample, not to the full MNIST.")
        else:
            self._must_be_full(name)
        if name == "homework":
            return homework.binarise_once(self.test.images[homework.choose(self.test.labels, homework.TEST_POSITIONS)])
        return self._binary_test

    @cached_property
    def _binary_test(self) -> Tensor:
        return homework.binarise_once(self.test.images)

    def _must_be_full(self, name: str) -> None:
        if self.name != "mnist":
            raise UserError(
                f"The {name} set needs the full MNIST: run `python -m training download`, or put the four files "
                f"under {data_folder() / 'MNIST' / 'raw'}."
            )


def load_dataset(name: str) -> Dataset:
    """Load a dataset into memory, once per process.

    Raises:
        UserError: no such dataset, its files are missing, or they are not the official ones.
    """
    key = (name, data_folder())
    with _lock:
        if key not in _loaded:
            if name == "mnist":
                _loaded[key] = _load_mnist(data_folder())
            elif name == "mnist-sample":
                _loaded[key] = _load_sample()
            else:
                raise UserError(f"There is no dataset {name!r}: choose {one_of(DATASETS)}.")
        return _loaded[key]


def _load_mnist(folder: Path) -> Dataset:
    from training.torchvision_compat import import_datasets

    raw = folder / "MNIST" / "raw"
    if not mnist_on_disk():
        raise UserError(
            f"The full MNIST is not in {raw}: run `python -m training download`, or use the embedded sample "
            "with `--data mnist-sample`."
        )
    if (strange := first_unofficial_file()) is not None:
        raise UserError(f"{strange} is not MNIST's official file: delete it and run `python -m training download`.")
    parts = []
    for train in (True, False):
        digits = import_datasets().MNIST(str(folder), train=train)
        parts.append(Digits(digits.data.flatten(1), digits.targets))
    return Dataset("mnist", *parts)


def _load_sample() -> Dataset:
    with np.load(SAMPLE_FILE) as file:
        images = torch.from_numpy(file["images"]).flatten(1)
        labels = torch.from_numpy(file["labels"]).long()
    held_out = torch.zeros(len(labels), dtype=torch.bool)
    for digit in labels.unique():
        held_out[torch.nonzero(labels == digit).squeeze(1)[-HELD_OUT_PER_CLASS:]] = True
    return Dataset(
        "mnist-sample",
        train=Digits(images[~held_out], labels[~held_out]),
        test=Digits(images[held_out], labels[held_out]),
    )
