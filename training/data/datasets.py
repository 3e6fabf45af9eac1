"""The data as in-memory tensors: MNIST where it is on disk, else an embedded sample of 5,000 digits; SVHN.

They never mix: every tensor comes from one named `Dataset`, and the homework's evaluation sets exist only for the
full MNIST.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from training.data import homework
from training.data.evaluation_sets import EVALUATION_SETS, evaluation_set
from training.data.mnist_files import first_unofficial_file, mnist_on_disk, read_mnist
from training.data.names import DATASETS, DatasetName
from training.data.svhn import find_svhn, read_svhn
from training.data.svhn_files import SPLITS, Split
from training.system.errors import UserError, one_of
from training.system.folders import PROJECT, data_folder

__all__ = ["Dataset", "Digits", "load_dataset"]

SAMPLE_FILE = PROJECT / "assets" / "mnist-sample.npz"
HELD_OUT_PER_CLASS = 100

_lock = threading.Lock()
_loaded: dict[tuple[str, Path], "Dataset"] = {}


@dataclass(frozen=True)
class Digits:
    """Images, uint8 (n, pixels), grey or colour channel by channel, and their classes, int64 (n,), in file order."""

    images: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class Dataset:
    """Training and held-out digits of one named source, each read when it is first asked for."""

    name: DatasetName
    read: Callable[[Split], Digits]

    @cached_property
    def train(self) -> Digits:
        return self.read("train")

    @cached_property
    def test(self) -> Digits:
        return self.read("test")

    @property
    def title(self) -> str:
        return DATASETS[self.name]

    @property
    def binary(self) -> bool:
        """Whether models see pixels that are drawn, x ~ Bernoulli(grey / 255), in place of the values themselves."""
        return self.name != "svhn"

    def labelled(self, count: int = 100) -> Digits:
        """`count` labelled training images, as many of each class in order, grey; a smaller count is part of a larger.

        On the full data the first ten of a class are the homework's; the embedded sample does not hold those. The
        others are the first of their class in file order.

        Arguments:
            count: a multiple of 10, up to 1,000.
        """
        chosen_first = homework.LABELLED_POSITIONS if self.name == "mnist" else [[]] * 10
        every_class = count // 10
        positions = [
            [*own, *(place for place in range(every_class + len(own)) if place not in own)][:every_class]
            for own in chosen_first
        ]
        chosen = homework.choose(self.train.labels, positions)
        return Digits(self.train.images[chosen], self.train.labels[chosen])

    def evaluation_set(self, name: str) -> Tensor:
        """Images of an evaluation set, the same bits at every call.

        They are binary, float32 (n, 784), from MNIST; in colour, uint8 (n, 3072), from SVHN.

        Arguments:
            name: "homework" or "test" on the full data, "sample" on the embedded sample, "svhn" or "svhn-1000" on
                SVHN.

        Raises:
            UserError: no such set, or its data are not in this dataset.
        """
        self._must_hold(name)
        if name == "homework":
            return homework.binarise_once(self.test.images[self._homework_test])
        if self.binary:
            return self._binary_test
        return self.test.images[: EVALUATION_SETS[name].images]

    def evaluation_labels(self, name: str) -> Tensor:
        """Classes of an evaluation set's images, int64 (n,).

        Raises:
            UserError: no such set, or its data are not in this dataset.
        """
        self._must_hold(name)
        return self.test.labels[self._homework_test if name == "homework" else slice(EVALUATION_SETS[name].images)]

    @cached_property
    def _binary_test(self) -> Tensor:
        return homework.binarise_once(self.test.images)

    @property
    def _homework_test(self) -> Tensor:
        return homework.choose(self.test.labels, homework.TEST_POSITIONS)

    def _must_hold(self, name: str) -> None:
        source = evaluation_set(name).dataset
        if self.name == source:
            return
        if source == "mnist":
            raise UserError(
                f"The {name} set needs the full MNIST: run `python -m training download`, or put the four files "
                f"under {data_folder() / 'MNIST' / 'raw'}."
            )
        raise UserError(f"The {name} set is part of the data set {source}, not of {self.name}.")


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
            elif name == "svhn":
                _loaded[key] = _load_svhn()
            else:
                raise UserError(f"There is no dataset {name!r}: choose {one_of(DATASETS)}.")
        return _loaded[key]


def _load_mnist(folder: Path) -> Dataset:
    raw = folder / "MNIST" / "raw"
    if not mnist_on_disk():
        raise UserError(
            f"The full MNIST is not in {raw}: run `python -m training download`, or use the embedded sample "
            "with `--data mnist-sample`."
        )
    if (strange := first_unofficial_file()) is not None:
        raise UserError(f"{strange} is not MNIST's official file: delete it and run `python -m training download`.")
    parts = {split: Digits(*map(torch.from_numpy, read_mnist(split))) for split in SPLITS}  # at once: as just checked
    return Dataset("mnist", parts.__getitem__)


def _load_sample() -> Dataset:
    with np.load(SAMPLE_FILE) as file:
        images = torch.from_numpy(file["images"]).flatten(1)
        labels = torch.from_numpy(file["labels"]).long()
    held_out = torch.zeros(len(labels), dtype=torch.bool)
    for digit in labels.unique():
        held_out[torch.nonzero(labels == digit).squeeze(1)[-HELD_OUT_PER_CLASS:]] = True
    parts: dict[Split, Digits] = {
        "train": Digits(images[~held_out], labels[~held_out]),
        "test": Digits(images[held_out], labels[held_out]),
    }
    return Dataset("mnist-sample", parts.__getitem__)


def _load_svhn() -> Dataset:
    for split in SPLITS:
        find_svhn(split)
    return Dataset("svhn", lambda split: Digits(*read_svhn(split)))
