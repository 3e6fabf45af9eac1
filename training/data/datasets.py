"""A data set as in-memory tensors. Sets never mix: every tensor comes from one named `Dataset`."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import torch
from torch import Tensor

from training.data.data_set import DataSet, EvaluationSet, Split
from training.data.homework_sets import binarise_once, choose
from training.data.registry import data_set, evaluation_set
from training.system.errors import UserError
from training.system.folders import data_folder

__all__ = ["Dataset", "Images", "load_dataset"]

_lock = threading.Lock()
_loaded: dict[tuple[str, Path], "Dataset"] = {}


@dataclass(frozen=True)
class Images:
    """Images, uint8 (n, pixels), grey or colour channel by channel, and their classes, int64 (n,), in file order."""

    images: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class Dataset:
    """Training and held-out images of one data set, each split read when it is first asked for."""

    name: str
    read: Callable[[Split], Images]

    @cached_property
    def train(self) -> Images:
        return self.read("train")

    @cached_property
    def test(self) -> Images:
        return self.read("test")

    @property
    def about(self) -> DataSet:
        """What the data set says about itself."""
        return data_set(self.name)

    @property
    def binary(self) -> bool:
        """Whether models see pixels that are drawn, x ~ Bernoulli(grey / 255), in place of the values themselves."""
        return self.about.binary

    def labelled(self, count: int = 100) -> Images:
        """`count` labelled training images, as many of each class in order, grey; a smaller count is part of a larger.

        The first of a class are those that the data set names, such as the homework's on MNIST; the others are the
        first of their class in file order.

        Arguments:
            count: a multiple of the number of classes.
        """
        classes = len(self.about.classes)
        chosen_first = self.about.labelled_first or [[]] * classes
        every_class = count // classes
        positions = [
            [*own, *(place for place in range(every_class + len(own)) if place not in own)][:every_class]
            for own in chosen_first
        ]
        chosen = choose(self.train.labels, positions)
        return Images(self.train.images[chosen], self.train.labels[chosen])

    def evaluation_set(self, name: str) -> Tensor:
        """Images of an evaluation set of this data set, the same bits at every call.

        They are float32 zeros and ones (n, pixels) of a binary data set, uint8 (n, pixels) of one in colour.

        Raises:
            UserError: no such set, or its data are not in this dataset.
        """
        chosen = self._own(name)
        if not self.binary:
            return self.test.images[self._places(chosen)]
        if chosen.positions is not None:
            return binarise_once(self.test.images[self._places(chosen)])
        return self._binary_test[: chosen.images]

    def evaluation_labels(self, name: str) -> Tensor:
        """Classes of an evaluation set's images, int64 (n,).

        Raises:
            UserError: no such set, or its data are not in this dataset.
        """
        return self.test.labels[self._places(self._own(name))]

    def held_out(self, count: int) -> Tensor:
        """The first test images as a model sees them: float zeros and ones, drawn once, or colours."""
        return self._binary_test[:count] if self.binary else self.test.images[:count].float() / 255

    @cached_property
    def _binary_test(self) -> Tensor:
        return binarise_once(self.test.images)

    def _places(self, chosen: EvaluationSet) -> Tensor | slice:
        if chosen.positions is None:
            return slice(chosen.images)
        return choose(self.test.labels, chosen.positions)

    def _own(self, name: str) -> EvaluationSet:
        source, chosen = evaluation_set(name)
        if source.name == self.name:
            return chosen
        if source.name == self.about.stands_in_for:
            raise UserError(f"The {name} set needs the full {source.title}: {source.how_to_get}.")
        raise UserError(f"The {name} set is part of the data set {source.name}, not of {self.name}.")


def load_dataset(name: str) -> Dataset:
    """Load a data set into memory, once per process.

    Raises:
        UserError: no such data set, its files are missing, or they are not its own.
    """
    key = (name, data_folder())
    with _lock:
        if key not in _loaded:
            read = data_set(name).open()

            def tensors(split: Split) -> Images:
                images, labels = read(split)
                return Images(torch.from_numpy(images), torch.from_numpy(labels))

            _loaded[key] = Dataset(name, tensors)
        return _loaded[key]
