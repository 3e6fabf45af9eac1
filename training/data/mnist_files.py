"""Where MNIST lives on disk: its official files, their digests, and how to fetch them.

This module stays light (no torch), so that a page can say which data it uses before anything heavy is loaded.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from training.data.downloads import fetching
from training.data.svhn_files import Split
from training.system.folders import data_folder

if TYPE_CHECKING:
    import numpy as np

__all__ = ["download_mnist", "first_unofficial_file", "mnist_on_disk", "read_mnist"]

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


def mnist_on_disk() -> bool:
    """Whether the four official files are there, of their full size; their contents are checked on loading."""
    raw = data_folder() / "MNIST" / "raw"
    try:
        return all((raw / name).stat().st_size == size for name, size in _MNIST_SIZES.items())
    except OSError:
        return False


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


def read_mnist(split: Split) -> "tuple[np.ndarray, np.ndarray]":
    """One split of the official files, in their order.

    They are read here and not by torchvision, which takes a second or two to load: once a file's digest is right, its
    numbers follow a header of known length.

    Returns:
        Images, uint8 (n, 784), and labels, int64 (n,).
    """
    import numpy as np

    raw, prefix = data_folder() / "MNIST" / "raw", {"train": "train", "test": "t10k"}[split]
    images = np.fromfile(raw / f"{prefix}-images-idx3-ubyte", np.uint8, offset=16)
    labels = np.fromfile(raw / f"{prefix}-labels-idx1-ubyte", np.uint8, offset=8)
    return images.reshape(-1, 784), labels.astype(np.int64)


def download_mnist(on_progress: Callable[[float], None] = lambda fraction: None) -> None:
    """Download the full MNIST through torchvision (11 MB), checking every file's digest.

    Files that are there and whole are kept; torn ones are fetched again.

    Arguments:
        on_progress: called with the fraction done, 0..1. An exception it raises ends the download.

    Raises:
        UserError: no network, a folder that cannot be written, or a file that arrives broken.
    """
    folder = data_folder()
    raw = folder / "MNIST" / "raw"
    otherwise = f"copy its four files into {raw}; the embedded sample works without it"
    with fetching("MNIST", raw, _MNIST_ARCHIVE_BYTES, on_progress, otherwise) as datasets:
        for name in _MNIST_FILES:
            if (raw / name).exists() and not _is_official(raw / name):
                (raw / name).unlink()
        datasets.MNIST(str(folder), download=True)
