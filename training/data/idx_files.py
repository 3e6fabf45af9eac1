"""Data sets in MNIST's own format: four IDX files. Light (no torch, no numpy).

    train-images-idx3-ubyte, t10k-images-idx3-ubyte    16 bytes of header, then a byte a pixel
    train-labels-idx1-ubyte, t10k-labels-idx1-ubyte     8 bytes of header, then a byte a label

Every such data set of 28 x 28 pixels has files of the same names and sizes: only their contents tell them apart. Where
they may lie is in `training.data.layouts`.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training.data.data_set import SPLITS, OnProgress, Reader, Split
from training.data.downloads import fetching
from training.data.layouts import Candidate, folders, idx_candidates
from training.system.errors import UserError
from training.system.folders import data_folder

if TYPE_CHECKING:
    import numpy as np

__all__ = ["SIDE", "IdxFiles"]

SIDE = 28
_IMAGES: dict[Split, int] = {"train": 60_000, "test": 10_000}
_PREFIXES: dict[Split, str] = {"train": "train", "test": "t10k"}
# Mean grey values, 0..1, that everybody normalises these data sets by: a hint at whose images a file holds.
_MEAN_GREY = {"MNIST": 0.131, "EMNIST": 0.173, "Kuzushiji-MNIST": 0.192, "Fashion-MNIST": 0.286}
_LOOKED_AT = 10_000 * SIDE * SIDE


def _names(split: Split) -> tuple[str, str]:
    return f"{_PREFIXES[split]}-images-idx3-ubyte", f"{_PREFIXES[split]}-labels-idx1-ubyte"


def _header(split: Split, *, labels: bool) -> bytes:
    """What an IDX file begins with: its magic number, then each axis' length, big-endian."""
    numbers = [0x801, _IMAGES[split]] if labels else [0x803, _IMAGES[split], SIDE, SIDE]
    return b"".join(number.to_bytes(4, "big") for number in numbers)


_HEADERS = {name: _header(split, labels=bool(turn)) for split in SPLITS for turn, name in enumerate(_names(split))}
SIZES = {
    name: len(_HEADERS[name]) + _IMAGES[split] * (1 if turn else SIDE * SIDE)
    for split in SPLITS
    for turn, name in enumerate(_names(split))
}


@dataclass(frozen=True, eq=False)
class IdxFiles:
    """The four files of one data set.

    Attributes:
        title: of the data set.
        folder: of the data folder; also the name of torchvision's class, which knows where they are published.
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
    _judged: dict[tuple[str, tuple[str, int, int]], str] = field(default_factory=dict, repr=False)

    @property
    def raw(self) -> Path:
        """Where downloads go."""
        return data_folder() / self.folder / "raw"

    @property
    def how_to_get(self) -> str:
        """The end of a sentence."""
        return f"run `{self.command}`"

    def on_disk(self) -> bool:
        """Whether the four files are there, each with this data set's contents."""
        return all(self._find(name) is not None for name in SIZES)

    def problem(self) -> str:
        """See `DataSet.problem`."""
        wrong: list[str] = []
        absent: list[str] = []
        for name in SIZES:
            if self._find(name) is None:
                judged = [(candidate, self._judge(name, candidate)) for candidate in self._candidates(name)]
                wrong += [f"{candidate.path} {fault}" for candidate, fault in judged]
                absent += [] if judged else [name]
        if wrong:
            return f"{wrong[0]}: move it away or delete it, and {self.how_to_get}."
        if absent and len(absent) < len(SIZES):
            return f"Of {self.title}'s four files {', '.join(absent)} cannot be found: {self.how_to_get}."
        return ""

    def _candidates(self, name: str) -> Iterable[Candidate]:
        places = folders(self.folder, anywhere=self.digests is not None)
        return idx_candidates(name, places, lambda path: _legacy_contents(path, name))

    def _find(self, name: str) -> Candidate | None:
        """The file with the contents of this name."""
        return next((each for each in self._candidates(name) if not self._judge(name, each)), None)

    def _judge(self, name: str, candidate: Candidate) -> str:
        """What is wrong with a file, read only if it is another than when that was last asked."""
        try:
            key = (name, candidate.state)
            if key not in self._judged:
                self._judged[key] = self._fault(name, candidate.read())
            return self._judged[key]
        except OSError as error:
            return f"cannot be read ({error.strerror})"
        except ValueError as error:
            return f"cannot be read ({error})"

    def _fault(self, name: str, content: bytes) -> str:
        """What is wrong with a file's contents, to end a sentence with; empty where nothing is."""
        digest = hashlib.sha256(content).hexdigest()
        if self.digests is not None and digest == self.digests[name]:
            return ""
        for other in self.others:
            if other.digests is not None and digest == other.digests[name]:
                return f"is {other.title}'s file and not {self.title}'s"
        if len(content) != SIZES[name] or not content.startswith(_HEADERS[name]):
            return f"is damaged or not {self.title}'s file"
        return "" if self.digests is None else f"is not {self.title}'s official file{_looks_like(name, content)}"

    def open(self) -> Reader:
        """Check all four files, and read them: see `DataSet.open`.

        They are read here and not by torchvision, which takes a second or two to load.

        Raises:
            UserError: a file is missing, damaged, or another data set's.
        """
        if not self.on_disk():
            absent = f"The full {self.title} is not in {self.raw}: {self.how_to_get}{self.otherwise}."
            raise UserError(self.problem() or absent)
        parts = {str(split): self._read(split) for split in SPLITS}
        return parts.__getitem__

    def _read(self, split: Split) -> "tuple[np.ndarray, np.ndarray]":
        import numpy as np

        images, labels = (
            np.frombuffer(self._contents(name), np.uint8, offset=len(_HEADERS[name])) for name in _names(split)
        )
        if labels.max() > 9:
            raise UserError(f"{self._path(_names(split)[1])} has labels above 9: delete it and {self.how_to_get}.")
        return images.reshape(-1, SIDE * SIDE).copy(), labels.astype(np.int64)

    def _path(self, name: str) -> Path:
        found = self._find(name)
        return self.raw / name if found is None else found.path

    def _contents(self, name: str) -> bytes:
        """Of the file of this name, checked once more as they are read."""
        try:
            found = self._find(name)
            content = b"" if found is None else found.read()
        except (OSError, ValueError):
            content = b""
        if fault := self._fault(name, content):
            raise UserError(f"{self._path(name)} {fault}: delete it and {self.how_to_get}.")
        return content

    def download(self, on_progress: OnProgress = lambda fraction: None) -> None:
        """Fetch the files that are not there, from where torchvision has them, checking every archive's digest.

        Files that are there and whole are kept, in whatever form; the others are fetched again.

        Arguments:
            on_progress: called with the fraction done, 0..1. An exception it raises ends the download.

        Raises:
            UserError: no network, a folder that cannot be written, something else in a file's place, or a file that
                arrives broken.
        """
        otherwise = f"copy its four files into {self.raw}"
        if self.otherwise:
            otherwise += "; the embedded sample works without it"
        with fetching(self.title, self.raw, self.archive_bytes, on_progress, otherwise) as datasets:
            for name in SIZES:
                if self._find(name) is None:
                    self._fetch(name, datasets)
        if not self.on_disk():
            raise UserError(self.problem() or f"{self.title} arrived, but is not whole: {self.how_to_get} again.")

    def _fetch(self, name: str, datasets: Any) -> None:
        """Fetch one file from the first of its addresses that gives it; what lies in its place is there until then."""
        from urllib.error import URLError

        target, published = self.raw / name, getattr(datasets, self.folder)
        if target.is_dir():
            raise UserError(f"{target} is a folder, where a file has to go: move it away, and {self.how_to_get}.")
        archive = f"{name}.gz"
        digest = dict(published.resources)[archive]
        for left, mirror in zip(range(len(published.mirrors))[::-1], published.mirrors, strict=True):
            try:
                datasets.utils.download_and_extract_archive(mirror + archive, str(self.raw), None, archive, digest)
                return
            except (URLError, RuntimeError):
                if not left:
                    raise


def _looks_like(name: str, content: bytes) -> str:
    """Whose images a file seems to hold, to end a clause with; empty where that cannot be said."""
    if "images" not in name:
        return ""
    pixels = content[len(_HEADERS[name]) :][:_LOOKED_AT]
    grey = sum(pixels) / (255 * max(len(pixels), 1))
    title = min(_MEAN_GREY, key=lambda each: abs(_MEAN_GREY[each] - grey))
    return f" (mean grey value {grey:.3f}, as of {title})" if abs(_MEAN_GREY[title] - grey) < 0.008 else ""


def _legacy_contents(path: Path, name: str) -> bytes:
    """What the IDX file of this name holds, out of a file of old versions of torchvision: images and labels, tensors.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no such file.
    """
    import torch

    try:
        images, labels = torch.load(path, map_location="cpu", weights_only=True)
        values = images if "images" in name else labels
        return _HEADERS[name] + bytes(values.to(torch.uint8).contiguous().numpy().tobytes())
    except OSError:
        raise
    except Exception as error:  # whatever is in such a file
        raise ValueError("it is not torchvision's") from error
