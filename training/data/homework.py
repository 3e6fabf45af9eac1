"""The homework's two hand-picked MNIST subsets, by position within the images of each class in file order."""

import numpy as np
import torch
from torch import Tensor

__all__ = ["LABELLED_POSITIONS", "TEST_POSITIONS", "binarise_once", "choose"]


def _table(text: str) -> list[list[int]]:
    return [[int(position) for position in row.split()] for row in text.strip().splitlines()]


TEST_POSITIONS = _table("""
    684 559 629 192 835 763 707 359 9 723
    277 599 1094 600 314 705 551 87 174 849
    537 845 72 777 115 976 755 448 850 99
    984 177 755 797 659 147 910 423 288 961
    265 697 639 544 543 714 244 151 675 510
    459 882 183 28 802 128 128 53 550 488
    756 273 335 388 617 42 442 543 888 257
    57 291 779 430 91 398 611 908 633 84
    203 324 774 964 47 639 131 972 868 180
    1000 846 143 660 227 954 791 719 909 373
""")

LABELLED_POSITIONS = _table("""
    2732 2607 1653 3264 4931 4859 5827 1033 4373 5874
    5924 3468 6458 705 2599 2135 2222 2897 1701 537
    2893 2163 5072 4851 2046 1871 2496 99 2008 755
    797 659 3219 423 3337 2745 4735 544 714 2292
    151 2723 3531 2930 1207 802 2176 2176 1956 3622
    3560 756 4369 4484 1641 3114 4984 4353 4071 4009
    2105 3942 3191 430 4187 2446 2659 1589 2956 2681
    4180 2251 4420 4870 1071 4735 6132 5251 5068 1204
    3918 1167 1684 3299 2767 2957 4469 560 5425 1605
    5795 1472 3678 256 3762 5412 1954 816 2435 1634
""")


def choose(labels: Tensor, positions: list[list[int]]) -> Tensor:
    """Indices of the chosen images, classes in order 0..9.

    Arguments:
        labels: the class of every image, in the file's order.
        positions: row c holds positions within the images of class c.
    """
    members = [torch.nonzero(labels == digit).squeeze(1) for digit in range(len(positions))]
    return torch.cat([members[digit][row] for digit, row in enumerate(positions)])


def binarise_once(images: Tensor) -> Tensor:
    """One Bernoulli draw of every pixel with numpy's seed 0: the homework's way, so the same bits everywhere.

    Arguments:
        images: uint8 (n, pixels), grey.

    Returns:
        float32 (n, pixels) of zeros and ones.
    """
    grey = images.numpy().astype(np.float32) / np.float32(255)
    return torch.from_numpy(np.random.RandomState(0).binomial(1, grey).astype(np.float32))
