"""Where SVHN lives on disk, and how to fetch it: torchvision's official .mat files, or two .npz files.

    <data folder>/SVHN/train_32x32.mat, test_32x32.mat    the official files, also found beside the folder SVHN
                       train.npz, test.npz                images uint8 (n, 32, 32, 3) RGB, labels (n,)

This module stays light (no torch), so that a page can say whether SVHN is there before anything heavy is loaded.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from training.data.downloads import fetching
from training.system.folders import data_folder

__all__ = ["GET_SVHN", "SPLITS", "Split", "download_svhn", "official_name", "svhn_file", "svhn_folder", "svhn_on_disk"]

Split = Literal["train", "test"]
SPLITS: tuple[Split, ...] = ("train", "test")
_OFFICIAL_BYTES: dict[Split, int] = {"train": 182_040_794, "test": 64_275_384}
GET_SVHN = "run `python -m training download svhn` (246 MB, for non-commercial use only)"


def svhn_folder() -> Path:
    """Where downloads go."""
    return data_folder() / "SVHN"


def official_name(split: Split) -> str:
    """The name that the official file of a split has everywhere."""
    return f"{split}_32x32.mat"


def svhn_file(split: Split) -> Path | None:
    """The file to read a split from: the official one where it has its full size, else the .npz, if any.

    Contents are checked on loading.
    """
    for folder in (svhn_folder(), data_folder()):  # the second is where torchvision's own download puts it
        path = folder / official_name(split)
        if path.is_file() and path.stat().st_size == _OFFICIAL_BYTES[split]:
            return path
    path = svhn_folder() / f"{split}.npz"
    return path if path.is_file() else None


def svhn_on_disk() -> bool:
    """Whether both splits are there, in one form or the other."""
    return all(svhn_file(split) is not None for split in SPLITS)


def download_svhn(on_progress: Callable[[float], None] = lambda fraction: None) -> None:
    """Download SVHN's official files through torchvision (246 MB), checking every file's digest.

    Files that are there and whole are kept, in either form; torn ones are fetched again.

    Arguments:
        on_progress: called with the fraction done, 0..1. An exception it raises ends the download.

    Raises:
        UserError: no network, a folder that cannot be written, or a file that arrives broken.
    """
    folder = svhn_folder()
    missing = [split for split in SPLITS if svhn_file(split) is None]
    size = sum(_OFFICIAL_BYTES[split] for split in missing) or 1
    otherwise = f"put {official_name('train')} and {official_name('test')} into {folder}"
    with fetching("SVHN", folder, size, on_progress, otherwise) as datasets:
        for split in missing:
            address, name, digest = datasets.SVHN.split_list[split]
            datasets.utils.download_url(address, str(folder), name, digest)
