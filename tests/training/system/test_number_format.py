import pytest

from training.system.number_format import plus_minus, signed


@pytest.mark.parametrize(
    ("value", "form", "written"),
    [(-1.006, ".2f", "\u22121.01"), (1234.5, ",.1f", "1,234.5"), (0.25, "+.2f", "+0.25"), (-0.5, "+.1f", "\u22120.5")],
)
def test_a_negative_number_has_a_minus_sign(value: float, form: str, written: str) -> None:
    assert signed(value, form) == written


def test_nats_have_two_decimals_and_thousands_apart() -> None:
    assert [signed(value) for value in (-1630.846, 101.2245)] == ["\u22121,630.85", "101.22"]


@pytest.mark.parametrize("form", [",.2f", ".4g", ".0%"])
def test_what_rounds_to_zero_has_no_sign(form: str) -> None:
    assert not signed(-1e-9 if form != ".4g" else -0.0, form).startswith(("-", "\u2212"))


@pytest.mark.parametrize(
    ("error", "form", "written"),
    [
        (0.0712, ",.2f", "± 0.07"),
        (0.004, ",.2f", "± <0.01"),
        (0.0003, ".1%", "± <0.1%"),
        (0.0103, ".1%", "± 1.0%"),
        (0.0, ".4f", "± <0.0001"),
    ],
)
def test_an_error_never_reads_as_none(error: float, form: str, written: str) -> None:
    assert plus_minus(error, form) == written
