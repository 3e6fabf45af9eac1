import re

import pytest

from pages.theory.chapter import Equality, Line, Order, Play, Values
from pages.theory.numbers_drawing import drawing, written
from training.theory.measured import Measured, Numbers

LABELS = {"low": "L<sub>1</sub>", "middle": "L<sub>10</sub>", "high": "log p(x)"}
CHOICES = ({"text": "a", "reason": "b", "right": True}, {"text": "c", "reason": "d"})


def line(shows: Equality | Order | Values) -> Line:
    return Line.model_validate(
        {
            "name": "a line",
            "asks": "What?",
            "formula": r"1 \gap{=} 1",
            "choice": CHOICES,
            "shows": shows.model_dump(),
            "code": ["elbo_terms"],
            "play": Play(page="bounds", label="Bounds").model_dump(),
        }
    )


def places(html: str, part: str) -> list[float]:
    return [float(left) for left in re.findall(rf'class="{part}" style="left: ([\d.]+)%', html)]


def test_numbers_in_their_order_stand_on_one_scale_the_highest_first() -> None:
    numbers: Numbers = {"low": Measured(-120.0, 0.5), "middle": Measured(-117.0), "high": Measured(-113.0)}
    html = drawing(line(Order(kind="order", rising=("low", "middle", "high"))), LABELS, numbers)
    high, middle, low = places(html, "at")
    assert (high - middle) / (middle - low) == pytest.approx(4 / 3, abs=0.01)
    assert len(places(html, "error")) == 1
    assert "✓" in html
    assert "Gaps, from the lowest: 3.00, 4.00." in html
    assert html.index("log p(x)") < html.index("L<sub>10</sub>") < html.index("L<sub>1</sub>")


def test_an_order_that_does_not_hold_is_not_marked_as_right() -> None:
    shown = line(Order(kind="order", rising=("low", "high")))
    assert "✗" in drawing(shown, LABELS, {"low": Measured(2.0), "high": Measured(1.9)})
    assert "✓" in drawing(shown, LABELS, {"low": Measured(2.0, 0.1), "high": Measured(1.9, 0.1)})


@pytest.mark.parametrize(
    ("left", "right", "said"),
    [
        (Measured(2.0), Measured(2.0), "✓</span> They agree in every digit."),
        (Measured(2.0), Measured(2.0 + 3e-7), "✓</span> They differ by 3.0 · 10⁻⁷"),
        (Measured(2.0), Measured(2.5), "✗</span> They differ by 5.0 · 10⁻¹"),
        (Measured(2.0, 0.3), Measured(2.5, 0.4), "✓</span> They differ by 0.50, which is 1.0 standard errors"),
    ],
)
def test_what_is_left_between_two_sides_is_said(left: Measured, right: Measured, said: str) -> None:
    html = drawing(line(Equality(kind="equality", left="low", right="high")), LABELS, {"low": left, "high": right})
    assert said in " ".join(html.split()).replace("&#34;", '"')


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (Measured(-114.44231), "−114.4423"),
        (Measured(1.0), "1"),
        (Measured(3.2e-9), "3.2 · 10⁻⁹"),
        (Measured(-133.137, 0.604), "−133.14 ± 0.60"),
        (Measured(0.12345, 0.0012), "0.1235 ± 0.0012"),
    ],
)
def test_a_number_is_written_as_exactly_as_it_is_known(number: Measured, text: str) -> None:
    assert written(number) == text
