"""SVHN (Netzer et al. 2011): photographed house numbers, one digit in the middle of 32 x 32 colour pixels.

<data folder>/SVHN/train_32x32.mat, test_32x32.mat    the official files, also found beside the folder SVHN
                   train.npz, test.npz                images uint8 (n, 32, 32, 3) RGB, labels (n,)
"""

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from training.data.data_set import SPLITS, DataSet, EvaluationSet, OnProgress, Reader
from training.data.downloads import fetching
from training.data.layouts import folders
from training.system.errors import UserError
from training.system.folders import data_folder

if TYPE_CHECKING:
    import numpy as np

__all__ = ["DATA", "SIDE", "download_svhn", "read_svhn", "svhn_on_disk"]

SIDE, OWN_FOLDER = 32, "SVHN"
_OFFICIAL_BYTES: dict[str, int] = {"train": 182_040_794, "test": 64_275_384}
GET_SVHN = "run `python -m training download svhn` (246 MB, for non-commercial use only)"


def _folder() -> Path:
    """Where downloads go."""
    return data_folder() / OWN_FOLDER


def _official_name(split: str) -> str:
    """The name that the official file of a split has everywhere."""
    return f"{split}_32x32.mat"


def _file(split: str) -> Path | None:
    """The file to read a split from: the official one where it has its full size, else the .npz, if any.

    Contents are checked on loading.
    """
    official = [folder / _official_name(split) for folder in folders(OWN_FOLDER, anywhere=True)]
    whole = [path for path in official if path.is_file() and path.stat().st_size == _OFFICIAL_BYTES[split]]
    packed = [folder / f"{split}.npz" for folder in folders(OWN_FOLDER, anywhere=False)]
    return next(iter([*whole, *(path for path in packed if path.is_file())]), None)


def svhn_on_disk() -> bool:
    """Whether both splits are there, in one form or the other."""
    return all(_file(split) is not None for split in SPLITS)


def svhn_problem() -> str:
    """See `DataSet.problem`: a split of which there is only a damaged file, or none beside the other."""
    absent = [split for split in SPLITS if _file(split) is None]
    if not absent or (len(absent) == len(SPLITS) and not any(map(_damaged, SPLITS))):
        return ""
    try:
        _find(absent[0])
    except UserError as error:
        return str(error)
    return ""


def _damaged(split: str) -> Path | None:
    """A file of the official name that is not whole."""
    paths = [folder / _official_name(split) for folder in folders(OWN_FOLDER, anywhere=True)]
    return next((path for path in paths if path.exists()), None)


def download_svhn(on_progress: OnProgress = lambda fraction: None) -> None:
    """Download SVHN's official files through torchvision (246 MB), checking every file's digest.

    Files that are there and whole are kept, in either form; damaged ones are fetched again.

    Arguments:
        on_progress: called with the fraction done, 0..1. An exception it raises ends the download.

    Raises:
        UserError: no network, a folder that cannot be written, or a file that arrives broken.
    """
    folder = _folder()
    missing = [split for split in SPLITS if _file(split) is None]
    size = sum(_OFFICIAL_BYTES[split] for split in missing) or 1
    otherwise = f"put {_official_name('train')} and {_official_name('test')} into {folder}"
    with fetching("SVHN", folder, size, on_progress, otherwise) as datasets:
        for split in missing:
            if (folder / _official_name(split)).is_dir():
                raise UserError(f"{folder / _official_name(split)} is a folder, where a file has to go: move it away.")
            address, name, digest = datasets.SVHN.split_list[split]
            datasets.utils.download_url(address, str(folder), name, digest)


def open_svhn() -> Reader:
    """Find both files; each is checked when it is read: see `DataSet.open`.

    Raises:
        UserError: one is missing, or not whole.
    """
    for split in SPLITS:
        _find(split)
    return read_svhn


def read_svhn(split: str) -> "tuple[np.ndarray, np.ndarray]":
    """One split in the file's order.

    Returns:
        Images, uint8 (n, 3072), channel by channel, and labels, int64 (n,), in 0..9.

    Raises:
        UserError: the file is missing, damaged, not the official one, or not of this form.
    """
    file = _find(split)
    images, labels = _read_npz(file) if file.suffix == ".npz" else _read_official(file, split)
    return images.reshape(len(images), -1), labels


def _find(split: str) -> Path:
    file = _file(split)
    if file is not None:
        return file
    if (damaged := _damaged(split)) is not None:
        raise _unofficial(damaged)
    raise UserError(f"SVHN is not in {_folder()}: {GET_SVHN}.")


def _read_official(file: Path, split: str) -> "tuple[np.ndarray, np.ndarray]":
    """torchvision checks the digest and turns the files' label 10 into the digit 0 that it means."""
    import numpy as np

    from training.data.torchvision_compat import import_datasets

    try:
        data = import_datasets().SVHN(str(file.parent), split=split)
    except (OSError, RuntimeError, ValueError) as error:
        raise _unofficial(file) from error
    return np.ascontiguousarray(data.data), data.labels


def _unofficial(file: Path) -> UserError:
    return UserError(f"{file} is damaged or not SVHN's official file: delete it and {GET_SVHN}.")


def _read_npz(file: Path) -> "tuple[np.ndarray, np.ndarray]":
    import numpy as np

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


DATA = DataSet(
    name="svhn",
    title="SVHN",
    label="SVHN",
    licence="SVHN: Y. Netzer et al., Reading Digits in Natural Images, 2011; for non-commercial use only.",
    citation="Netzer, Wang, Coates, Bissacco, Wu & Ng 2011, Reading digits in natural images with unsupervised "
    "feature learning",
    images="colour",
    side=SIDE,
    classes=tuple("0123456789"),
    noun="house number",
    plural="house numbers",
    train_images=73_257,
    test_images=26_032,
    evaluation_sets=(
        EvaluationSet(
            "svhn",
            "SVHN test set, 26,032 digits",
            label="SVHN test",
            phrase="SVHN test set",
            images=26_032,
        ),
        EvaluationSet(
            "svhn-1000",
            "first 1,000 digits of the SVHN test set",
            label="First 1,000",
            phrase="first 1,000 of SVHN",
            images=1000,
            quick_passes=10,
        ),
    ),
    measured_by_default=("svhn",),
    bounds=(),
    passes=10,  # 26,032 images need fewer than the homework's 100
    sets_help="All 26,032 digits of SVHN's test set, or the first 1,000 of them; NELBO and its terms are means of 10 "
    "passes.",
    protocol="Nats per image, means of 10 passes over the images, in which each image comes with its digit. ± is the "
    "Monte-Carlo standard error, over the noise on these images.",
    on_disk=svhn_on_disk,
    problem=svhn_problem,
    open=open_svhn,
    download=download_svhn,
    download_bytes=sum(_OFFICIAL_BYTES.values()),
    how_to_get=GET_SVHN,
)
