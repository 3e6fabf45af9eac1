import re

from hypothesis import given
from hypothesis import strategies as st

from training.homework.curve import MOST_MARKS, _round_numbers, curve_svg
from training.runs.run_folder import MetricTable, read_metrics
from training.system.folders import PRETRAINED


@given(st.floats(-2000, 2000), st.floats(0.5, 100_000))
def test_axes_have_a_few_round_numbers_within_them(low: float, width: float) -> None:
    found = _round_numbers(low, low + width)
    assert len(found) <= MOST_MARKS + 1
    assert all(low - 1e-6 <= value <= low + width + 1e-6 for value in found)


def test_lines_lie_in_the_picture_and_differ_by_more_than_colour() -> None:
    drawn = curve_svg(read_metrics(PRETRAINED / "vae" / "metrics.jsonl", "held-out"))
    lines = re.findall(
        r'<polyline points="([^"]+)" stroke="([^"]+)" stroke-width="1.8" stroke-dasharray="([^"]+)"', drawn
    )
    assert len(lines) == len({dashes for *_, dashes in lines}) == 3
    for points, *_ in lines:
        across, up = zip(*(map(float, point.split(",")) for point in points.split()), strict=True)
        assert list(across) == sorted(across)
        assert 0 <= min(up) <= max(up) <= 260


def test_two_measurements_are_enough() -> None:
    table = MetricTable([0, 50], [0.0, 1.0], {"nelbo": [500.0, 300.0], "kl": [0.0, 1.0], "rec": [500.0, 299.0]})
    assert curve_svg(table).count("<polyline") == 3
