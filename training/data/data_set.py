"""What a data set says about itself, before any of its files is read. Light (no torch, no numpy)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import numpy as np

    from models.family import ImageKind

__all__ = ["SPLITS", "DataSet", "EvaluationSet", "OnProgress", "Positions", "Reader", "Split"]

Split = Literal["train", "test"]
SPLITS: tuple[Split, ...] = ("train", "test")
OnProgress = Callable[[float], None]
Positions = list[list[int]]
Reader = Callable[[str], "tuple[np.ndarray, np.ndarray]"]


@dataclass(frozen=True, eq=False)
class EvaluationSet:
    """Test images on which models are measured. Binary ones are drawn from the grey values once, so for all alike.

    Attributes:
        name: in addresses, on cards and the command line; no two sets of any data share it.
        title: what it holds, for the head of a column.
        label: on a button, where room is scarce.
        phrase: within a sentence.
        images: how many.
        positions: row c names images by their place among those of class c in file order. Empty: the set is the first
            `images` of its part.
        quick_passes: over the images in a comparison of models: thousands of images need few, for the images' own
            spread is the larger part of the error there. 0: comparisons leave this set out.
        part: of the data set, in which its images are: one of `SPLITS`, or another that `DataSet.open` reads.
    """

    name: str
    title: str
    label: str
    phrase: str
    images: int
    positions: Positions | None = None
    quick_passes: int = 0
    part: str = "test"


@dataclass(frozen=True, eq=False)
class DataSet:
    """A data set: found by the pages, the command line and the training through the registry.

    Attributes:
        name: in addresses, configs and on the command line.
        title: within a sentence.
        label: on a button; `short` where room is scarce.
        licence: authors, year, licence: a sentence to show beside it.
        citation: the paper, with its year.
        images: what models see of it: zeros and ones, or colours in 0..1.
        side: of its square images, in pixels.
        classes: what each label 0, 1, ... stands for.
        noun, plural: what one image shows.
        train_images, test_images: how many.
        evaluation_sets: on which its models are measured; the first is chosen on pages unless somebody chooses. No
            other data set has one of the same name, but one that stands in for it: then that has the same images.
        measured_by_default: those of `evaluate` and of cards.
        bounds: the m of the bounds that are measured unless somebody chooses.
        passes: over an evaluation set's images for the means of NELBO and its terms.
        sets_help: what to know before one chooses among its evaluation sets.
        protocol: how its numbers are measured, for below a table.
        on_disk: whether its files are there.
        problem: what is wrong with files that lie where its own should be, and what to do: a sentence; "" where
            nothing is wrong, or nothing is there.
        open: checks the files and gives what reads a split, or another part that an evaluation set names: images,
            uint8 (n, channels * side * side), channel by channel, and labels, int64 (n,), in file order. Raises
            UserError.
        download: fetches the files, checking their digests; the fraction done, 0..1, goes to its argument, which may
            raise to end it. Raises UserError. None where they come with the app.
        download_bytes: of all that it fetches.
        how_to_get: the end of a sentence for somebody who lacks it.
        labelled_first: of the training images, those whose labels are used first: positions by class, as in
            `EvaluationSet`, or the name of the part that holds them, class by class.
        stands_in_for: name of the data set in whose place this one is used while that is not on disk.
        drawable: whether a person can draw such an image with a pen.
    """

    name: str
    title: str
    label: str
    licence: str
    citation: str
    images: "ImageKind"
    side: int
    classes: tuple[str, ...]
    noun: str
    plural: str
    train_images: int
    test_images: int
    evaluation_sets: tuple[EvaluationSet, ...]
    measured_by_default: tuple[str, ...]
    bounds: tuple[int, ...]
    passes: int
    sets_help: str
    protocol: str
    on_disk: Callable[[], bool]
    open: Callable[[], Reader]
    download: Callable[[OnProgress], None] | None = None
    download_bytes: int = 0
    how_to_get: str = ""
    problem: Callable[[], str] = lambda: ""
    labelled_first: Positions | str | None = None
    stands_in_for: str = ""
    drawable: bool = False
    short: str = ""

    @property
    def binary(self) -> bool:
        """Whether models see pixels that are drawn, x ~ Bernoulli(grey / 255), in place of the values themselves."""
        return self.images == "binary"

    @property
    def channels(self) -> int:
        return 1 if self.binary else 3

    @property
    def pixels(self) -> int:
        """Numbers in one image, its colours counted one by one."""
        return self.channels * self.side**2

    @property
    def megabytes(self) -> int:
        """Of its download."""
        return self.download_bytes // 10**6

    @property
    def words(self) -> dict[str, Any]:
        """What fills the places of a page's text: what one image shows, and whether a pen can draw it."""
        return {"noun": self.noun, "plural": self.plural, "drawable": self.drawable}

    @property
    def summary(self) -> str:
        """What there is, in half a sentence: "MNIST, 60,000 training and 10,000 test digits"."""
        colours = "" if self.binary else " in colour"
        return f"{self.title}, {self.train_images:,} training and {self.test_images:,} test {self.plural}{colours}"
