"""The map of digits: what a hover and a lasso show."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from pages.latent.latent_map import BLOCKS, evenly, in_blocks


@given(st.integers(1, 9), st.data())
def test_a_hover_shows_every_pixel_between_the_margins(side: int, data: st.DataObject) -> None:
    pixels = data.draw(st.lists(st.booleans(), min_size=side**2, max_size=side**2))
    image = torch.tensor(pixels).view(side, side)
    halves = {character: pair for pair, character in BLOCKS.items()}
    lines = [[halves[character] for character in line] for line in in_blocks(image.flatten().float()).split("<br>")]
    drawn = {
        (2 * row + half, column)
        for row, line in enumerate(lines)
        for column, pair in enumerate(line)
        for half in (0, 1)
        if pair[half]
    }
    ink = {(int(row), int(column)) for row, column in image.nonzero()}
    top, left = (min((place[axis] for place in ink), default=0) for axis in (0, 1))
    assert drawn == {(row - top, column - left) for row, column in ink}


def test_a_catch_of_many_keeps_each_class_its_share() -> None:
    caught = [0] * 30 + [1] * 150 + [2] * 120  # class by class, as they arrive
    some = evenly(caught, 100)
    assert [some.count(label) for label in range(3)] == [10, 50, 40]
    assert evenly([5, 7, 9], 100) == [5, 7, 9]
