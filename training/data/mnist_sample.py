"""What of MNIST comes with the app: 5,000 training images, the homework's two subsets, 1,000 further test images."""

from collections.abc import Mapping
from dataclasses import replace

from training.data.data_set import Reader
from training.data.mnist import DATA as MNIST
from training.data.mnist import HOMEWORK, TEST_1000
from training.system.folders import PROJECT

__all__ = ["DATA"]

TRAINING_FILE = PROJECT / "assets" / "mnist-sample.npz"
HOMEWORK_FILE = PROJECT / "assets" / "mnist-homework.npz"


def open_sample() -> Reader:
    """Read the embedded files: see `DataSet.open`."""
    import numpy as np

    def part_of(arrays: Mapping[str, np.ndarray], prefix: str = "") -> "tuple[np.ndarray, np.ndarray]":
        images, labels = arrays[f"{prefix}images"], arrays[f"{prefix}labels"].astype(np.int64)
        return images.reshape(len(labels), -1), labels

    with TRAINING_FILE.open("rb") as opened, np.load(opened) as arrays:
        parts = {"train": part_of(arrays)}
    with HOMEWORK_FILE.open("rb") as opened, np.load(opened) as arrays:
        parts |= {name: part_of(arrays, f"{name}_") for name in ("test", "homework", "labelled")}
    return parts.__getitem__


DATA = replace(
    MNIST,
    name="mnist-sample",
    title="embedded sample",
    label="Embedded sample",
    short="Sample",
    train_images=5000,
    test_images=1000,
    evaluation_sets=(
        replace(HOMEWORK, positions=None, part="homework"),
        replace(TEST_1000, positions=None, quick_passes=10),
    ),
    measured_by_default=("homework", "test-1000"),
    sets_help="The homework set is 100 test digits; 1,000 further test digits take ten times as long. Each set is "
    "binarised once.",
    on_disk=lambda: True,
    problem=lambda: "",
    open=open_sample,
    download=None,
    download_bytes=0,
    how_to_get="",
    labelled_first="labelled",
    stands_in_for="mnist",
)
