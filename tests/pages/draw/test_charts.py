import json
import math

from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from pages.draw.charts import DASHES, MOST_POINTS, NATS, Across, Curve, Look, _rows, _spec
from pages.draw.palette import NELBO
from pages.kit.ticking import duration


@given(st.integers(0, 20_000))
def test_a_long_curve_is_thinned_and_keeps_its_newest_point(count: int) -> None:
    rows = _rows(Curve("line", list(range(count)), [float(step) for step in range(count)]))
    assert len(rows) <= MOST_POINTS
    assert count == 0 or rows[-1]["step"] == count - 1
    assert len(rows) == count or count > MOST_POINTS


def test_times_are_written_as_people_say_them() -> None:
    assert [duration(seconds) for seconds in (0.4, 40, 170, 8000)] == ["0 s", "40 s", "3 min", "2 h 13 min"]


def test_a_curve_is_drawn_within_its_limits() -> None:
    rows = _rows(Curve("line", [0, 50, 100, 150], [4.0, 3.0, 2.0], first=50, last=120))
    assert [(row["step"], row["value"]) for row in rows] == [(50, 3.0), (100, 2.0)]


def test_a_step_without_a_number_is_a_gap_and_a_mark_whatever_is_thinned() -> None:
    count = 5 * MOST_POINTS
    values = [float(step) for step in range(count)]
    values[7], values[-1] = math.nan, math.inf
    rows = _rows(Curve("line", list(range(count)), values))
    assert [row["step"] for row in rows if row["value"] is None] == [7, count - 1]
    assert len({row["step"] for row in rows}) == len(rows)
    assert json.loads(json.dumps(rows, allow_nan=False)) == rows
    line, mark, *_ = _spec({"line": Look(NELBO)}, NATS, 320)["layer"]
    assert line["mark"]["type"] == "line"
    assert mark["transform"] == [{"filter": "!isValid(datum.value) && !isValid(datum.mark)"}]
    assert (mark["encoding"]["y"], mark["mark"]["yOffset"]) == ({"value": "height"}, -8)  # of the plot, as it is drawn


def test_a_curve_of_one_point_is_a_point() -> None:
    _, _, single, *_ = _spec({"line": Look(NELBO)}, NATS, 320)["layer"]
    assert single["mark"]["type"] == "point"
    assert single["transform"][-1]["filter"] == "datum.points == 1 && isValid(datum.value)"


def test_a_line_can_stand_over_something_else_than_steps() -> None:
    rows = _rows(Curve("line", [0, 50, 100], [4.0, math.nan, 2.0], first=50, places=[0.0, 1.5, 3.0]))
    assert rows == [
        {"step": 50, "value": None, "line": "line", "place": 1.5},
        {"step": 100, "value": 2.0, "line": "line", "place": 3.0},
    ]
    spec = _spec({"line": Look(NELBO)}, NATS, 320, Across("epoch", ",.3~g", ",.2f"))
    assert (spec["encoding"]["x"]["field"], spec["encoding"]["x"]["title"]) == ("place", "epoch")
    assert [each["title"] for each in spec["encoding"]["tooltip"]][1:3] == ["step", "epoch"]


def test_a_mean_has_the_band_of_what_it_is_the_mean_of() -> None:
    rows = _rows(Curve("line", [0, 50], [4.0, 2.0], band=[(3.0, 5.0), (1.0, math.inf)]))
    assert rows[0] == {"step": 0, "value": 4.0, "line": "line", "low": 3.0, "high": 5.0}
    assert "low" not in rows[1]
    band, line, *_ = _spec({"line": Look(NELBO)}, NATS, 320, banded=True)["layer"]
    assert (band["mark"]["type"], line["mark"]["type"]) == ("area", "line")
    assert band["encoding"]["y2"] == {"field": "high"}


def test_lines_of_one_colour_differ_in_their_dashes_in_the_legend_too() -> None:
    looks = {name: Look(NELBO, dashes=dashes) for name, dashes in zip("abc", DASHES, strict=False)}
    encoding = _spec(looks, NATS, 320)["encoding"]
    assert encoding["strokeDash"]["scale"]["range"] == [[1, 0], [7, 3], [2, 2]]
    assert encoding["strokeDash"]["legend"] == encoding["color"]["legend"]
    assert _spec({"a": Look(NELBO, dashed=True)}, NATS, 320)["encoding"]["strokeDash"]["legend"] is None


def test_what_happened_at_a_step_is_an_upright_line_with_its_words() -> None:
    *_, upright, words = _spec({"line": Look(NELBO)}, NATS, 320)["layer"]
    assert (upright["mark"]["type"], words["mark"]["type"]) == ("rule", "text")
    assert all(layer["transform"] == [{"filter": "isValid(datum.mark)"}] for layer in (upright, words))
    assert words["encoding"]["text"] == {"field": "mark"}


def test_lines_are_cut_off_where_it_is_asked_for() -> None:
    assert "domainMax" not in _spec({"line": Look(NELBO)}, NATS, 320)["encoding"]["y"]["scale"]
    cut = _spec({"line": Look(NELBO)}, NATS, 320, highest=130.0)
    assert cut["encoding"]["y"]["scale"]["domainMax"] == 130.0
    assert cut["layer"][0]["mark"]["clip"] is True


def test_a_chart_is_there_as_it_will_be_before_its_first_number() -> None:
    """Else the browser builds it anew when that comes."""

    def before_and_after() -> None:
        from pages.draw.charts import Curve, Look, curves
        from pages.draw.palette import NELBO

        for key, values in {"before": [], "after": [4.0, 3.0]}.items():
            lines = [Curve("line", [0, 50], values)]
            curves(lines, looks={"line": Look(NELBO)}, key=key, alt="NELBO over optimiser steps")

    app = AppTest.from_function(before_and_after).run()
    before, after = (chart.proto for chart in app.get("vega_lite_chart"))
    assert before.spec == after.spec
    assert before.data.data  # a row that draws nothing
