"""Whether this visitor projects a page for a hall: then charts have larger letters, and their message below."""

import copy
from typing import Any

import streamlit as st

__all__ = ["KEY", "LARGER", "enlarged", "is_projecting"]

KEY = "projecting"
LARGER = 1.45  # as in pages/classroom/projecting.css
LETTERS = 18  # pixels


def is_projecting() -> bool:
    """Whether this visitor projects."""
    return st.session_state.get(KEY, st.query_params.get(KEY)) in (True, "1", "true")


def enlarged(spec: dict[str, Any]) -> dict[str, Any]:
    """A Vega-Lite chart with letters for the last row; its own letters, where it names some, grow too."""
    large = copy.deepcopy(spec)
    if isinstance(large.get("height"), int | float):
        large["height"] = round(large["height"] * LARGER)
    words = {"labelFontSize": LETTERS, "titleFontSize": LETTERS}
    config = large.setdefault("config", {})
    for part in ("axis", "legend", "header"):
        config[part] = {**config.get(part, {}), **words}
    config["text"] = {**config.get("text", {}), "fontSize": LETTERS}
    for layer in large.get("layer", []):
        mark = layer.get("mark")
        if isinstance(mark, dict) and "fontSize" in mark and isinstance(mark["fontSize"], int | float):
            mark["fontSize"] = round(mark["fontSize"] * LARGER)
    return large
