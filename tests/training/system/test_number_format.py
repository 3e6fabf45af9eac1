import pytest

from training.system.number_format import signed


@pytest.mark.parametrize(
    ("value", "form", "written"),
    [(-1.006, ".2f", "\u22121.01"), (1234.5, ",.1f", "1,234.5"), (0.25, "+.2f", "+0.25"), (-0.5, "+.1f", "\u22120.5")],
)
def test_a_negative_number_has_a_minus_sign(value: float, form: str, written: str) -> None:
    assert signed(value, form) == written
