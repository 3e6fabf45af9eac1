import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.data.datasets import load_dataset
from training.pictures.drawings import as_mnist
from training.system.errors import UserError


@given(st.integers(0, 60), st.integers(0, 90), st.integers(3, 50), st.integers(3, 40), st.integers(20, 255))
def test_any_stroke_is_scaled_to_its_box_and_centred_by_mass(
    top: int, left: int, height: int, width: int, ink: int
) -> None:
    drawing = np.zeros((112, 131), np.uint8)
    drawing[top : top + height, left : left + width] = ink
    digit = as_mnist(drawing).reshape(28, 28).astype(float)
    rows, columns = np.nonzero(digit)
    assert max(np.ptp(rows), np.ptp(columns)) + 1 == 20
    assert digit.max() == ink
    for axis in (0, 1):
        assert digit.sum(1 - axis) @ np.arange(28) / digit.sum() == pytest.approx(14, abs=0.51)


def test_where_it_was_drawn_and_how_large_makes_no_difference() -> None:
    seven = np.zeros((112, 112), np.uint8)
    seven[10:14, 10:40], seven[10:70, 36:40] = 255, 255
    moved = np.roll(seven, (30, 50), (0, 1))
    assert np.array_equal(as_mnist(seven), as_mnist(moved))
    larger = np.kron(seven, np.ones((3, 3), np.uint8))
    assert np.abs(as_mnist(seven).astype(int) - as_mnist(larger)).mean() < 3


def test_a_digit_of_mnist_stays_almost_what_it_is() -> None:
    digits = load_dataset("mnist-sample").test.images[:50].numpy()
    change = [np.abs(as_mnist(digit.reshape(28, 28)).astype(int) - digit).mean() for digit in digits]
    assert np.median(change) < 6  # of 255; the scale alone costs a little


@pytest.mark.parametrize("drawing", [np.zeros((112, 112), np.uint8), np.full((9, 7), 5, np.uint8)])
def test_an_empty_paper_is_no_digit(drawing: np.ndarray) -> None:
    with pytest.raises(UserError, match="draw a digit"):
        as_mnist(drawing)
