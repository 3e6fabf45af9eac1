import tomllib

import pytest

from pages.common.palette import COMPONENTS, CROSS_ENTROPY, MODELS, QUANTITIES
from training.folders import PROJECT

THEME = tomllib.loads((PROJECT / ".streamlit" / "config.toml").read_text())["theme"]


def luminance(color: str) -> float:
    """Relative luminance of #rrggbb (WCAG 2.2)."""
    channels = [int(color[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_the_measure_itself() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("color", [*(quantity.color for quantity in (*QUANTITIES, COMPONENTS, CROSS_ENTROPY)), *MODELS])
def test_every_colour_can_be_told_from_the_page(theme: str, color: str) -> None:
    for surface in ("backgroundColor", "secondaryBackgroundColor"):
        assert contrast(color, THEME[theme][surface]) >= 3


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_can_be_read(theme: str) -> None:
    colors = THEME[theme]
    for text in ("textColor", "grayTextColor"):
        assert contrast(colors[text], colors["backgroundColor"]) >= 4.5
    assert contrast("#ffffff", colors["primaryColor"]) >= 4.4  # the primary button's label


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_charts_use_the_same_colours(theme: str) -> None:
    assert THEME[theme]["chartCategoricalColors"] == [quantity.color for quantity in QUANTITIES]
