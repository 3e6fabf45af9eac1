import base64

import numpy as np
import pytest

from pages.choose.drawing_pad import SIDE, read_ink


def test_ink_arrives_as_a_digit_of_mnist() -> None:
    paper = np.zeros((SIDE, SIDE), np.uint8)
    paper[20:90, 50:58] = 255
    digit = read_ink(base64.b64encode(paper.tobytes()).decode())
    assert digit is not None
    assert digit.shape == (784,)
    assert digit.reshape(28, 28).any(1).sum() == 20


@pytest.mark.parametrize("ink", [None, "", "x", "AAAA", 7, base64.b64encode(bytes(SIDE * SIDE)).decode(), "é" * 9])
def test_what_is_no_drawing_is_none(ink: object) -> None:
    assert read_ink(ink) is None
