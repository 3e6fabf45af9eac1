import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.measure.ladder import still_to_come


@given(st.floats(0.1, 5), st.floats(0.05, 0.9))
def test_steps_that_shrink_alike_are_summed_to_their_end(first: float, ratio: float) -> None:
    steps = [first * ratio**power for power in range(400)]
    assert still_to_come(steps[:3]) == pytest.approx(sum(steps[3:]))


@pytest.mark.parametrize(
    "steps", [(1.0, 0.5, 0.5), (1.0, 0.5, 0.7), (1.0, 0.5, -0.1), (1.0, None, 0.5), (1.0, 0.5, None)]
)
def test_steps_that_do_not_shrink_foretell_nothing(steps: tuple[float | None, ...]) -> None:
    assert still_to_come(steps) is None
