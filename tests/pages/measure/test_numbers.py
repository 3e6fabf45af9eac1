import pytest

from pages.measure.numbers import heading, phrase


@pytest.mark.parametrize(
    ("name", "written"), [("homework", "Homework set"), ("svhn-1000", "First 1,000 of SVHN"), ("svhn", "SVHN test set")]
)
def test_a_heading_keeps_the_capitals_of_a_data_set(name: str, written: str) -> None:
    assert heading(name) == written
    assert heading(name)[1:] == phrase(name)[1:]
