from xml.etree import ElementTree

import pytest

from models.registry import FAMILIES
from pages.draw.graphical_models import svg
from pages.draw.palette import ROLES


@pytest.mark.parametrize("name", FAMILIES)
def test_a_drawing_has_a_circle_for_each_variable_and_a_line_for_each_arrow(name: str) -> None:
    family = FAMILIES[name]
    drawing = ElementTree.fromstring(svg(family).replace("&nbsp;", " "))
    assert family.sentence in drawing.attrib["aria-label"]
    texts = [node.text for node in drawing.iter("text")]
    assert texts == [node.symbol for node in family.graph.nodes]
    assert [node.text for node in drawing.iter("title")] == [
        f"{node.symbol}: {node.meaning}" for node in family.graph.nodes
    ]
    lines = [path for path in drawing.iter("path") if path.attrib.get("stroke") == "currentColor"]
    assert len(lines) == len(family.graph.generates) + len(family.graph.infers)
    assert sum("stroke-dasharray" in path.attrib for path in lines) == len(family.graph.infers)
    rims = [circle for circle in drawing.iter("circle") if circle.attrib["fill"] == "transparent"]
    assert [circle.attrib["stroke"] for circle in rims] == [ROLES[node.role].color for node in family.graph.nodes]
