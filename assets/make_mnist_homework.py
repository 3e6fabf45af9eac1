"""Remake mnist-homework.npz from MNIST's official files, which `python -m training download` puts into data/.

python assets/make_mnist_homework.py
"""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from training.data.datasets import Images, load_dataset
from training.data.homework_sets import choose
from training.data.mnist import LABELLED_POSITIONS, TEST_1000_POSITIONS, TEST_POSITIONS

TARGET = Path(__file__).with_name("mnist-homework.npz")


def main(target: Path = TARGET) -> None:
    """Write uint8 images (n, 28, 28) and labels (n,), class by class: the homework's 100 test digits and its 100
    labelled training digits, and 1,000 further test digits.
    """
    full = load_dataset("mnist")
    arrays: dict[str, np.ndarray] = {}
    for part, digits, positions in (
        ("homework", full.test, TEST_POSITIONS),
        ("labelled", full.train, LABELLED_POSITIONS),
        ("test", full.test, TEST_1000_POSITIONS),
    ):
        chosen = _chosen(digits, positions)
        arrays[f"{part}_images"] = chosen.images.numpy().reshape(-1, 28, 28)
        arrays[f"{part}_labels"] = chosen.labels.numpy().astype(np.uint8)
    np.savez_compressed(target, **arrays)
    counts = ", ".join(f"{len(array):,} {name}" for name, array in arrays.items() if array.ndim == 3)
    print(f"{target.name}: {counts}, {target.stat().st_size:,} bytes")


def _chosen(digits: Images, positions: list[list[int]]) -> Images:
    places = choose(digits.labels, positions)
    return Images(digits.images[places], digits.labels[places])


if __name__ == "__main__":
    main()
