import pytest
import torch

from training.theory.measured import EXACT, Measured, agree, estimate


def test_an_estimate_is_a_mean_with_its_standard_error() -> None:
    draws = torch.tensor([1.0, 2.0, 3.0, 6.0], dtype=torch.float64)
    mean, error = estimate(draws)
    assert mean == 3
    assert error == pytest.approx(((4 + 1 + 0 + 9) / 3 / 4) ** 0.5)


@pytest.mark.parametrize(
    ("left", "right", "agreed"),
    [
        (Measured(1.0), Measured(1.0 + 0.9 * EXACT), True),
        (Measured(1.0), Measured(1.0 + 1.1 * EXACT), False),
        (Measured(1.0, 0.3), Measured(2.9, 0.4), True),
        (Measured(1.0, 0.3), Measured(3.1, 0.4), False),
    ],
)
def test_exact_numbers_agree_to_five_decimals_and_estimates_within_their_errors(
    left: Measured, right: Measured, agreed: bool
) -> None:
    assert agree(left, right) is agreed
    assert agree(right, left) is agreed
