import pytest

from models.registry import FAMILIES
from pages.kit.terms import every_in_order, in_order, term

REPORTED = {entry.name: entry for family in FAMILIES.values() for entry in family.terms}


def test_every_reported_term_is_known_under_its_label_and_in_its_unit() -> None:
    for name, entry in REPORTED.items():
        shown = term(name)
        assert (shown.label, shown.short, shown.unit, shown.chart) == (
            entry.label,
            entry.short,
            entry.unit,
            entry.chart,
        )
        assert shown.help_for("binary") == entry.help_for("binary")


def test_a_stranger_is_shown_under_its_own_name() -> None:
    assert in_order(["swap_score", "rec", "nelbo"]) == ["nelbo", "rec", "swap_score"]
    assert term("swap_score").help_for("binary")
    assert (term("swap_score").label, term("swap_score").chart) == ("swap score", "swap_score")


def test_terms_stand_in_the_order_of_their_families() -> None:
    for family in FAMILIES.values():
        names = [entry.name for entry in family.terms]
        assert every_in_order(reversed(names)) == names


def test_a_kl_that_is_shown_in_parts_is_not_shown_whole() -> None:
    names = ["rec", "kl_z", "kl", "nelbo", "kl_y"]
    assert in_order(names) == ["nelbo", "kl_y", "kl_z", "rec"]
    assert every_in_order(names) == ["nelbo", "kl", "kl_y", "kl_z", "rec"]


@pytest.mark.parametrize(
    ("name", "value", "text", "with_unit"),
    [
        ("nelbo", 101.234, "101.23", "101.23 nats"),
        ("rec", 123456.0, "1.2e+05", "1.2e+05 nats"),
        ("accuracy", 0.971, "97.1%", "97.1%"),
        ("components", 312.0, "312", "312"),
        ("swap_score", 0.123456, "0.1235", "0.1235"),
    ],
)
def test_a_value_is_written_in_its_unit(name: str, value: float, text: str, with_unit: str) -> None:
    assert term(name).text(value) == text
    assert term(name).with_unit(value) == with_unit
