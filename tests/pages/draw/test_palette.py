import tomllib
from itertools import combinations
from typing import get_args

import numpy as np
import pytest

from models.description.terms import ColourRole
from pages.draw.palette import COMPONENTS, CROSS_ENTROPY, DIGITS, MODELS, QUANTITIES, ROLES
from training.system.folders import PROJECT

THEME = tomllib.loads((PROJECT / ".streamlit" / "config.toml").read_text())["theme"]


# What full colour blindness of each kind leaves of linear RGB (Machado, Oliveira & Fernandes 2009).
EYES = {
    "full": np.eye(3),
    "no red": np.array([[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]]),
    "no green": np.array([[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]]),
}


def oklab(color: str, eye: np.ndarray) -> np.ndarray:
    """The colour that an eye sees, in Ottosson's OKLab."""
    channels = np.array([int(color[start : start + 2], 16) / 255 for start in (1, 3, 5)])
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    cones = np.array([[0.4122, 0.5363, 0.0514], [0.2119, 0.6807, 0.1074], [0.0883, 0.2817, 0.6300]])
    lab = np.array([[0.2105, 0.7936, -0.0041], [1.9780, -2.4286, 0.4506], [0.0259, 0.7828, -0.8087]])
    seen: np.ndarray = lab @ np.cbrt(cones @ np.clip(eye @ linear, 0, 1))
    return seen


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
def test_every_colour_stands_out_from_the_page(theme: str, color: str) -> None:
    for surface in ("backgroundColor", "secondaryBackgroundColor"):
        assert contrast(color, THEME[theme][surface]) >= 3


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("color", DIGITS)
def test_every_digit_stands_out_from_the_page(theme: str, color: str) -> None:
    assert contrast(color, THEME[theme]["backgroundColor"]) >= 3


@pytest.mark.parametrize("eye", EYES)
def test_the_ten_digits_have_distinct_colours(eye: str) -> None:
    seen = [oklab(color, EYES[eye]) for color in DIGITS]
    distances = [np.linalg.norm(one - other) for one, other in combinations(seen, 2)]
    assert min(distances) > 0.08  # 0.02 is just noticeable


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_can_be_read(theme: str) -> None:
    colors = THEME[theme]
    for text in ("textColor", "grayTextColor"):
        assert contrast(colors[text], colors["backgroundColor"]) >= 4.5
    assert contrast("#ffffff", colors["primaryColor"]) >= 4.4  # the primary button's label


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_charts_use_the_same_colours(theme: str) -> None:
    assert THEME[theme]["chartCategoricalColors"] == [quantity.color for quantity in QUANTITIES]


def test_every_role_that_families_speak_of_has_its_colour() -> None:
    assert list(ROLES) == list(get_args(ColourRole))
    assert len({quantity.color for quantity in ROLES.values()}) == len(ROLES)
