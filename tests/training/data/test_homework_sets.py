import numpy as np
import torch

from training.data.homework_sets import binarise_once, choose
from training.data.mnist import LABELLED_POSITIONS, TEST_POSITIONS


def test_a_position_counts_within_the_images_of_its_class() -> None:
    labels = torch.tensor([1, 0, 1, 0, 0, 1, 1])
    assert choose(labels, [[2, 0], [1, 3]]).tolist() == [4, 1, 2, 6]


def test_pixels_are_drawn_as_the_homework_draws_them() -> None:
    images = torch.randint(0, 256, (7, 16), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    np.random.seed(0)
    expected = np.random.binomial(1, images.numpy().astype(np.float32) / 255)
    drawn = binarise_once(images)
    assert drawn.dtype == torch.float32
    assert np.array_equal(drawn.numpy(), expected)
    assert torch.equal(binarise_once(images), drawn)


def test_drawing_pixels_leaves_numpys_generator_untouched() -> None:
    np.random.seed(3)
    expected = np.random.random()
    np.random.seed(3)
    binarise_once(torch.zeros(7, 16, dtype=torch.uint8))
    assert np.random.random() == expected


def test_the_tables_are_the_homeworks() -> None:
    test, labelled = np.array(TEST_POSITIONS), np.array(LABELLED_POSITIONS)
    assert test.shape == labelled.shape == (10, 10)
    assert (test[0, 0], test[9, 0], test[9, 9], test.sum()) == (684, 1000, 373, 51_515)
    assert (labelled[0, 0], labelled[4, 7], labelled[9, 9], labelled.sum()) == (2732, 2176, 1634, 286_566)
    repeated = [(digit, p) for digit, row in enumerate(TEST_POSITIONS) for p in set(row) if row.count(p) > 1]
    assert repeated == [(5, 128)]
