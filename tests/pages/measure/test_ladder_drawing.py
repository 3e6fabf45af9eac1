import re
from typing import NamedTuple
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.draw.palette import COMPONENTS, CROSS_ENTROPY, MODELS, QUANTITIES, SYMBOLS
from pages.measure.ladder_drawing import HEIGHT, MOST_TICKS, Ladder, _ticks, drawing

BOUNDS = st.dictionaries(
    st.sampled_from([1, 7, 10, 100, 1000, 5000]),
    st.tuples(st.floats(-5000, 5000), st.floats(0, 30)),
    min_size=1,
)
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"))


class DrawnBound(NamedTuple):
    """A bound as it is drawn: percent across, pixels from the top and of its error bar."""

    color: str
    across: float
    top: float
    error: float
    number: str


def parsed(html: str) -> ElementTree.Element:
    return ElementTree.fromstring(f"<page>{html}</page>")


def styles(part: ElementTree.Element) -> dict[str, str]:
    return dict(re.findall(r"([\w-]+): ([^;]+)", part.attrib["style"]))


def bounds_of(drawn: ElementTree.Element) -> list[DrawnBound]:
    found = []
    for bound in drawn.iterfind(".//div[@class='bound']"):
        look, number = styles(bound), bound.findtext("span")
        bar = bound.find("div[@class='error']")
        length = "0" if bar is None else styles(bar)["height"]
        across, top, error = (float(size.rstrip("px%")) for size in (look["left"], look["top"], length))
        found.append(DrawnBound(look["--color"], across, top, error, str(number)))
    return found


@given(st.lists(BOUNDS, min_size=1, max_size=6), TEXT, TEXT)
def test_every_bound_is_in_its_place_whatever_it_is_called(
    bounds: list[dict[int, tuple[float, float]]], title: str, summary: str
) -> None:
    drawn = parsed(drawing([Ladder(title, own) for own in bounds], summary))
    expected = [(color, m, value) for color, own in zip(MODELS, bounds, strict=False) for m, (value, _) in own.items()]
    found = bounds_of(drawn)
    assert [bound.color for bound in found] == [color for color, *_ in expected]
    for bound, (_, m, value) in zip(found, expected, strict=True):
        assert 0 < bound.across < 100
        assert -0.1 <= bound.top <= HEIGHT + 0.1
        assert float(bound.number.split()[0].replace(",", "").replace("\u2212", "-")) == pytest.approx(value, abs=0.006)
        for away, (_, other_m, other) in zip(found, expected, strict=True):
            assert (bound.across < away.across) <= (m < other_m)
            assert (bound.top > away.top + 0.11) <= (value < other)
    names = drawn.findall(".//div[@class='names']/span")
    marks = [SYMBOLS[color] for color in MODELS[: len(bounds)]]  # one for each model: colour alone tells no model
    assert ["".join(name.itertext()) for name in names] == [f"{mark} {title}" for mark in marks]
    assert len(set(marks)) == len(bounds)
    assert drawn.find("./div").attrib["aria-label"] == summary  # type: ignore[union-attr]


def test_lines_lead_from_bound_to_bound() -> None:
    drawn = parsed(drawing([Ladder("one", {10: (-3.0, 0.0), 1: (-8.0, 1.0), 100: (-2.5, 0.0)})], ""))
    [line] = drawn.findall(".//div[@class='line']")
    corners = [tuple(map(float, corner)) for corner in re.findall(r"([\d.]+)% ([\d.]+)px", styles(line)["clip-path"])]
    middles = [(x, (y + back_y) / 2) for (x, y), (_, back_y) in zip(corners, reversed(corners), strict=True)][:3]
    places = sorted((bound.across, bound.top) for bound in bounds_of(drawn))
    assert middles == [pytest.approx(place, abs=0.11) for place in places]


@given(st.floats(-1e5, 1e5), st.floats(0, 1e5))
def test_ticks_are_round_few_and_hold_everything(low: float, span: float) -> None:
    step, first, last = _ticks(low, low + span)
    assert first * step <= low + 1e-6 * step
    assert last * step >= low + span - 1e-6 * step
    assert 1 <= last - first < MOST_TICKS
    assert re.fullmatch(r"[125]\.0*e[+-]\d+", f"{step:.9e}")


def test_error_bars_reach_two_standard_errors() -> None:
    drawn = parsed(drawing([Ladder("one", {1: (-8.0, 1.0), 10: (-3.0, 0.0)})], ""))
    one, other = bounds_of(drawn)
    assert one.error == pytest.approx(4 * HEIGHT / 7, abs=0.1)  # seven nats, from -10 to -3
    assert other.error == 0
    caps = [styles(cap)["top"] for cap in drawn.findall(".//div[@class='cap']")]
    assert caps == [f"calc(50% {side} {one.error / 2:.1f}px)" for side in "-+"]
    assert (one.number, other.number) == ("\u22128.00 ± 1.00", "\u22123.00")


def test_every_model_has_a_colour_of_its_own() -> None:
    assert len(set(MODELS)) == 6
    assert not set(MODELS) & {quantity.color for quantity in (*QUANTITIES, COMPONENTS, CROSS_ENTROPY)}


def test_a_model_that_is_not_measured_has_its_name_and_no_line() -> None:
    drawn = parsed(drawing([Ladder("unmeasured", {}), Ladder("measured", {1: (-8.0, 1.0), 10: (-3.0, 0.0)})], ""))
    [line] = drawn.findall(".//div[@class='line']")
    assert styles(line)["background"] == MODELS[1]
    assert len(drawn.findall(".//div[@class='names']/span")) == 2
