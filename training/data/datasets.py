"""A data set as in-memory tensors. Sets never mix: every tensor comes from one named `Dataset`."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import torch
from torch import Tensor

from training.data.data_set import DataSet, EvaluationSet
from training.data.homework_sets import binarise_once, choose
from training.data.registry import data_set, evaluation_set, whole
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
    """Training and test images of one data set, each part read when it is first asked for.

    Attributes:
        read: a part by its name: "train", "test", or another that an evaluation set names.
    """

    name: str
    read: Callable[[str], Images]

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
        first = self._labelled_first
        every_class = count // len(self.about.classes)
        chosen: list[Tensor] = []
        for label in range(len(self.about.classes)):
            own = first.images[first.labels == label][:every_class]
            of_class = self.train.images[self.train.labels == label][: every_class + len(own)]
            known = {image.numpy().tobytes() for image in own}
            others = [image for image in of_class if image.numpy().tobytes() not in known]
            chosen += [*own, *others][:every_class]
        return Images(torch.stack(chosen), torch.arange(len(self.about.classes)).repeat_interleave(every_class))

    @property
    def _labelled_first(self) -> Images:
        named = self.about.labelled_first
        if isinstance(named, str):
            return self.read(named)
        places = choose(self.train.labels, named or [[]] * len(self.about.classes))
        return Images(self.train.images[places], self.train.labels[places])

    def evaluation_set(self, name: str) -> Tensor:
        """Images of an evaluation set of this data set, the same bits at every call.

        They are float32 zeros and ones (n, pixels) of a binary data set, uint8 (n, pixels) of one in colour.

        Raises:
            UserError: no such set, or its data are not in this dataset.
        """
        chosen = self._own(name)
        if chosen.positions is None and chosen.part == "test" and self.binary:
            return self._binary_test[: chosen.images]
        images = self._part(chosen.part).images[self._places(chosen)]
        return binarise_once(images) if self.binary else images

    def evaluation_labels(self, name: str) -> Tensor:
        """Classes of an evaluation set's images, int64 (n,).

        Raises:
            UserError: no such set, or its data are not in this dataset.
        """
        chosen = self._own(name)
        return self._part(chosen.part).labels[self._places(chosen)]

    def held_out(self, count: int) -> Tensor:
        """The first test images as a model sees them: float zeros and ones, drawn once, or colours."""
        return self._binary_test[:count] if self.binary else self.test.images[:count].float() / 255

    @cached_property
    def _binary_test(self) -> Tensor:
        return binarise_once(self.test.images)

    def _part(self, name: str) -> Images:
        return {"train": lambda: self.train, "test": lambda: self.test}.get(name, lambda: self.read(name))()

    def _places(self, chosen: EvaluationSet) -> Tensor | slice:
        if chosen.positions is None:
            return slice(chosen.images)
        return choose(self._part(chosen.part).labels, chosen.positions)

    def _own(self, name: str) -> EvaluationSet:
        if (own := next((each for each in self.about.evaluation_sets if each.name == name), None)) is not None:
            return own
        source = whole(evaluation_set(name)[0].name)
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

            def tensors(part: str) -> Images:
                images, labels = read(part)
                return Images(torch.from_numpy(images), torch.from_numpy(labels))

            _loaded[key] = Dataset(name, tensors)
        return _loaded[key]
