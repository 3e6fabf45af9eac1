import json

from streamlit.testing.v1 import AppTest

from tests.patience import PATIENCE


def test_an_own_run_is_named_on_the_side_that_has_room_and_what_it_changed_below_it() -> None:
    def page() -> None:
        from pages.measure.rate_distortion import Point, rate_distortion_chart

        sweep = [Point("β = 4", 4.0, 10.0, 105.0), Point("β = 1", 1.0, 20.0, 82.0)]
        others = [Point("run a (z 2, 500 steps)", None, 5.0, 120.0), Point("run b", None, 30.0, 90.0)]
        rate_distortion_chart(sweep, sweep[1], others, key="plane")

    found = AppTest.from_function(page, default_timeout=PATIENCE).run()
    assert not found.exception
    (chart,) = found.get("vega_lite_chart") or found.get("arrow_vega_lite_chart")
    layers = [layer for layer in json.loads(chart.proto.spec)["layer"] if layer["mark"]["type"] == "text"]
    named = {row["label"]: layer["mark"]["align"] for layer in layers for row in layer["data"]["values"]}
    assert named == {"4": "left", "1": "left", "run a\nz 2, 500 steps": "left", "run b": "right"}
