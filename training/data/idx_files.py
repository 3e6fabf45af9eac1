"""Data sets in MNIST's own format: four IDX files, as torchvision lays them out. Light (no torch, no numpy).

    <data folder>/<folder>/raw/train-images-idx3-ubyte    16 bytes of header, then a byte a pixel
                               train-labels-idx1-ubyte     8 bytes of header, then a byte a label
                               t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte

Every such data set of 28 x 28 pixels has files of the same names and sizes: only their contents tell them apart.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from training.data.data_set import SPLITS, OnProgress, Reader, Split
from training.data.downloads import fetching
from training.system.errors import UserError
from training.system.folders import data_folder

if TYPE_CHECKING:
    import numpy as np

__all__ = ["SIDE", "IdxFiles"]

SIDE = 28
_IMAGES: dict[Split, int] = {"train": 60_000, "test": 10_000}
_PREFIXES: dict[Split, str] = {"train": "train", "test": "t10k"}


def _names(split: Split) -> tuple[str, str]:
    return f"{_PREFIXES[split]}-images-idx3-ubyte", f"{_PREFIXES[split]}-labels-idx1-ubyte"


def _header(split: Split, *, labels: bool) -> bytes:
    """What an IDX file begins with: its magic number, then each axis' length, big-endian."""
    numbers = [0x801, _IMAGES[split]] if labels else [0x803, _IMAGES[split], SIDE, SIDE]
    return b"".join(number.to_bytes(4, "big") for number in numbers)


SIZES = {
    name: len(_header(split, labels=bool(turn))) + _IMAGES[split] * (1 if turn else SIDE * SIDE)
    for split in SPLITS
    for turn, name in enumerate(_names(split))
}


@dataclass(frozen=True, eq=False)
class IdxFiles:
    """The four files of one data set.

    Attributes:
        title: of the data set.
        folder: of the data folder; also the name of torchvision's class, which fetches them.
        command: which fetches them.
        archive_bytes: of the four archives together.
        otherwise: what somebody without network can do beside copying the files.
        digests: SHA-256 of the unpacked files, by name. Empty where nobody publishes them: then sizes and headers are
            checked, and that no file is one of `others`.
        others: data sets whose files could lie in this one's place.
    """

    title: str
    folder: str
    command: str
    archive_bytes: int
    otherwise: str = ""
    digests: Mapping[str, str] | None = None
    others: "tuple[IdxFiles, ...]" = ()

    @property
    def raw(self) -> Path:
        return data_folder() / self.folder / "raw"

    @property
    def how_to_get(self) -> str:
        """The end of a sentence."""
        return f"run `{self.command}`"

    def on_disk(self) -> bool:
        """Whether the four files are there, of their full size."""
        try:
            return all((self.raw / name).stat().st_size == size for name, size in SIZES.items())
        except OSError:
            return False

    def problem(self, name: str) -> str:
        """What is wrong with a file's contents, to end a sentence with; empty where nothing is."""
        try:
            content = (self.raw / name).read_bytes()
        except OSError as error:
            return f"cannot be read ({error.strerror})"
        digest = hashlib.sha256(content).hexdigest()
        if self.digests is not None:
            return "" if digest == self.digests[name] else f"is not {self.title}'s official file"
        for other in self.others:
            if other.digests is not None and digest == other.digests[name]:
                return f"is {other.title}'s file and not {self.title}'s"
        split = next(split for split in SPLITS if name in _names(split))
        expected = _header(split, labels=name == _names(split)[1])
        if len(content) != SIZES[name] or not content.startswith(expected):
            return f"is damaged or not {self.title}'s file"
        return ""

    def first_wrong_file(self) -> Path | None:
        """The first of the four files whose contents are not this data set's."""
        return next((self.raw / name for name in SIZES if self.problem(name)), None)

    def open(self) -> Reader:
        """Check all four files, and read them: see `DataSet.open`.

        They are read here and not by torchvision, which takes a second or two to load.

        Raises:
            UserError: a file is missing, damaged, or another data set's.
        """
        if not self.on_disk():
            raise UserError(f"The full {self.title} is not in {self.raw}: {self.how_to_get}{self.otherwise}.")
        if (wrong := self.first_wrong_file()) is not None:
            raise UserError(f"{wrong} {self.problem(wrong.name)}: delete it and {self.how_to_get}.")
        parts: dict[str, tuple[np.ndarray, np.ndarray]] = {
            split: self._read(split) for split in SPLITS
        }  # at once: as just checked
        return parts.__getitem__

    def _read(self, split: Split) -> "tuple[np.ndarray, np.ndarray]":
        import numpy as np

        images, labels = (
            np.fromfile(self.raw / name, np.uint8, offset=len(_header(split, labels=bool(turn))))
            for turn, name in enumerate(_names(split))
        )
        if labels.max() > 9:
            raise UserError(f"{self.raw / _names(split)[1]} has labels above 9: delete it and {self.how_to_get}.")
        return images.reshape(-1, SIDE * SIDE), labels.astype(np.int64)

    def download(self, on_progress: OnProgress = lambda fraction: None) -> None:
        """Fetch the files through torchvision, which checks every archive's digest.

        Files that are there and whole are kept; damaged ones, and those of other data, are fetched again.

        Arguments:
            on_progress: called with the fraction done, 0..1. An exception it raises ends the download.

        Raises:
            UserError: no network, a folder that cannot be written, or a file that arrives broken.
        """
        otherwise = f"copy its four files into {self.raw}"
        if self.otherwise:
            otherwise += "; the embedded sample works without it"
        with fetching(self.title, self.raw, self.archive_bytes, on_progress, otherwise) as datasets:
            for name in SIZES:
                if (self.raw / name).exists() and self.problem(name):
                    (self.raw / name).unlink()
            fetch: Callable[..., object] = getattr(datasets, self.folder)
            fetch(str(data_folder()), download=True)
