"""Projecting: charts get letters for the last row, and say below what hovering says."""

import copy

from streamlit.testing.v1 import AppTest

from pages.draw.projecting import LETTERS, enlarged


def test_a_chart_grows_and_its_own_description_stays() -> None:
    spec = {
        "height": 100,
        "layer": [{"mark": {"type": "text", "fontSize": 10}}, {"mark": "line"}],
        "config": {"axis": {"grid": False}},
    }
    before = copy.deepcopy(spec)
    large = enlarged(spec)
    assert spec == before
    assert large["height"] == 145
    assert large["layer"][0]["mark"]["fontSize"] > 10
    assert large["config"]["axis"] == {"grid": False, "labelFontSize": LETTERS, "titleFontSize": LETTERS}


def one_chart() -> None:
    import streamlit as st

    from pages.draw.charts import vega

    vega([{"a": 1}], {"mark": "point", "encoding": {"x": {"field": "a"}}}, key="one", alt="One *point* at 1.")
    st.write("end")


def test_a_chart_says_its_message_below_only_while_somebody_projects() -> None:
    app = AppTest.from_function(one_chart)
    assert not app.run().caption
    app.query_params["projecting"] = "1"
    assert [caption.value for caption in app.run().caption] == [r"One \*point\* at 1\."]
