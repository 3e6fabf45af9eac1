"""Where MNIST lives on disk: its official files, their digests, and how to fetch them.

This module stays light (no torch), so that a page can say which data it uses before anything heavy is loaded.
"""

import hashlib
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from training.errors import UserError
from training.folders import data_folder

__all__ = [
    "DATASETS",
    "DatasetName",
    "best_dataset_name",
    "download_mnist",
    "first_unofficial_file",
    "mnist_on_disk",
]

DatasetName = Literal["mnist", "mnist-sample"]
DATASETS: dict[str, str] = {
    "mnist": "MNIST, 60,000 training and 10,000 test digits",
    "mnist-sample": "embedded sample, 4,000 training and 1,000 held-out digits",
}

# SHA-256 of the official files, unpacked.
_MNIST_FILES = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
_MNIST_SIZES = {
    "train-images-idx3-ubyte": 47_040_016,
    "train-labels-idx1-ubyte": 60_008,
    "t10k-images-idx3-ubyte": 7_840_016,
    "t10k-labels-idx1-ubyte": 10_008,
}
_MNIST_ARCHIVE_BYTES = 11_594_722
_PATIENCE_SECONDS = 10.0


def mnist_on_disk() -> bool:
    """Whether the four official files are there, of their full size; their contents are checked on loading."""
    raw = data_folder() / "MNIST" / "raw"
    try:
        return all((raw / name).stat().st_size == size for name, size in _MNIST_SIZES.items())
    except OSError:
        return False


def best_dataset_name() -> DatasetName:
    """The full MNIST where it is on disk, else the embedded sample."""
    return "mnist" if mnist_on_disk() else "mnist-sample"


def first_unofficial_file() -> Path | None:
    """The first of the four files whose digest is not the official one's."""
    raw = data_folder() / "MNIST" / "raw"
    return next((raw / name for name in _MNIST_FILES if not _is_official(raw / name)), None)


def _is_official(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == _MNIST_FILES[path.name]
    except OSError:
        return False


def download_mnist(on_progress: Callable[[float], None] = lambda fraction: None) -> None:
    """Download the full MNIST through torchvision (11 MB), checking every file's digest.

    Files that are there and whole are kept; torn ones are fetched again.

    Arguments:
        on_progress: called with the fraction done, 0..1. An exception it raises ends the download.

    Raises:
        UserError: no network, a folder that cannot be written, or a file that arrives broken.
    """
    from training.torchvision_compat import import_datasets

    folder = data_folder()
    raw = folder / "MNIST" / "raw"
    try:
        raw.mkdir(parents=True, exist_ok=True)
        for name in _MNIST_FILES:
            if (raw / name).exists() and not _is_official(raw / name):
                (raw / name).unlink()
        datasets = import_datasets()
        with _reporting(datasets.utils, on_progress):
            datasets.MNIST(str(folder), download=True)
    except (OSError, RuntimeError) as error:
        if isinstance(error, OSError) and error.filename and not _is_network(error):
            raise UserError(
                f"The data folder {folder} cannot be written ({error.strerror}): choose another with the "
                "environment variable ELBO_LAB_DATA."
            ) from error
        raise UserError(
            "MNIST could not be downloaded: check the network and try again, or copy its four files into "
            f"{raw}; the embedded sample works without it."
        ) from error
    on_progress(1.0)


def _is_network(error: OSError) -> bool:
    from urllib.error import URLError

    return isinstance(error, (URLError, TimeoutError, ConnectionError))


@contextmanager
def _reporting(utils: Any, on_progress: Callable[[float], None]) -> Iterator[None]:
    """While it lasts, torchvision's downloads report to a callback and give up on a silent network.

    torchvision reports progress only through the name `tqdm` of its `utils` module.
    """
    counter = _Counter(on_progress)
    tqdm, patience = utils.tqdm, socket.getdefaulttimeout()
    utils.tqdm = lambda **_: counter
    socket.setdefaulttimeout(_PATIENCE_SECONDS)
    try:
        yield
    finally:
        utils.tqdm = tqdm
        socket.setdefaulttimeout(patience)


class _Counter:
    """The part of tqdm's interface that torchvision uses, counting the bytes of all files."""

    def __init__(self, on_progress: Callable[[float], None]) -> None:
        self.on_progress, self.bytes = on_progress, 0

    def __enter__(self) -> "_Counter":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def update(self, count: int) -> None:
        self.bytes += count
        self.on_progress(min(self.bytes / _MNIST_ARCHIVE_BYTES, 1.0))
