import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.measure.ladder import remainder


@given(st.floats(0.1, 5), st.floats(0.05, 0.9))
def test_steps_that_shrink_alike_are_summed_to_their_end(first: float, ratio: float) -> None:
    steps = [first * ratio**power for power in range(400)]
    assert remainder(steps[:3]) == pytest.approx(sum(steps[3:]))


@given(st.floats(0.1, 9), st.floats(0.1, 2), st.sampled_from([1, 2, 5, 10, 50]))
def test_what_a_larger_m_has_closed_does_not_remain(gap: float, power: float, beyond: int) -> None:
    """Of a gap that falls as m to a power, what remains is the gap at the largest m that was measured."""
    gaps = {m: gap * m**-power for m in (1, 10, 100, 1000, 1000 * beyond)}
    steps = [gaps[m] - gaps[10 * m] for m in (1, 10, 100)]
    assert remainder(steps, beyond) == pytest.approx(gaps[1000 * beyond])


@pytest.mark.parametrize(
    "steps", [(1.0, 0.5, 0.5), (1.0, 0.5, 0.7), (1.0, 0.5, -0.1), (1.0, None, 0.5), (1.0, 0.5, None)]
)
def test_steps_that_do_not_shrink_have_no_remainder(steps: tuple[float | None, ...]) -> None:
    assert remainder(steps) is None
