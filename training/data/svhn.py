"""Read SVHN (Netzer et al. 2011): photographed house numbers, one digit in the middle of 32 x 32 colour pixels."""

import zipfile
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from training.data.svhn_files import GET_SVHN, Split, official_name, svhn_file, svhn_folder
from training.system.errors import UserError

__all__ = ["SIDE", "find_svhn", "read_svhn"]

SIDE = 32


def find_svhn(split: Split) -> Path:
    """The file of a split; its contents are checked on reading.

    Raises:
        UserError: it is missing, or not whole.
    """
    file = svhn_file(split)
    if file is not None:
        return file
    torn = svhn_folder() / official_name(split)
    if torn.exists():
        raise _unofficial(torn)
    raise UserError(f"SVHN is not in {svhn_folder()}: {GET_SVHN}.")


def read_svhn(split: Split) -> tuple[Tensor, Tensor]:
    """One split in the file's order.

    Returns:
        Images, uint8 (n, 3072), channel by channel, and labels, int64 (n,), in 0..9.

    Raises:
        UserError: the file is missing, torn, not the official one, or not of this form.
    """
    file = find_svhn(split)
    images, labels = _read_npz(file) if file.suffix == ".npz" else _read_official(file, split)
    return torch.from_numpy(images).flatten(1), torch.from_numpy(labels)


def _read_official(file: Path, split: Split) -> tuple[np.ndarray, np.ndarray]:
    """torchvision checks the digest and turns the files' label 10 into the digit 0 that it means."""
    from training.data.torchvision_compat import import_datasets

    try:
        data = import_datasets().SVHN(str(file.parent), split=split)
    except (OSError, RuntimeError, ValueError) as error:
        raise _unofficial(file) from error
    return np.ascontiguousarray(data.data), data.labels


def _unofficial(file: Path) -> UserError:
    return UserError(f"{file} is torn or not SVHN's official file: delete it and {GET_SVHN}.")


def _read_npz(file: Path) -> tuple[np.ndarray, np.ndarray]:
    try:
        with file.open("rb") as opened, np.load(opened) as arrays:
            images, labels = arrays["images"], arrays["labels"]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise _unreadable(file) from error
    if images.dtype != np.uint8 or images.shape != (len(labels), SIDE, SIDE, 3) or labels.ndim != 1 or not len(labels):
        raise _unreadable(file)
    if labels.dtype.kind not in "iu" or labels.min() < 0 or labels.max() > 10:
        raise UserError(f"{file} has labels that are no digits: they should be 0 to 9, or 10 for the digit 0.")
    return np.ascontiguousarray(images.transpose(0, 3, 1, 2)), labels.astype(np.int64) % 10


def _unreadable(file: Path) -> UserError:
    return UserError(
        f"{file} cannot be read as SVHN: it should hold images, uint8 (n, {SIDE}, {SIDE}, 3), and their labels; "
        f"delete it and {GET_SVHN}."
    )
