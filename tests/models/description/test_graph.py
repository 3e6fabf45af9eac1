import pytest

from models.registry import FAMILIES

RADIUS, WIDTH, HEIGHT = 19, 160, 164
families = pytest.mark.parametrize("name", FAMILIES)


@families
def test_arrows_join_nodes_of_the_graph(name: str) -> None:
    graph = FAMILIES[name].graph
    symbols = [node.symbol for node in graph.nodes]
    assert len(set(symbols)) == len(symbols)
    for start, end in graph.generates + graph.infers:
        assert start != end
        assert {start, end} <= {*symbols}


@families
def test_the_image_is_generated_and_the_code_is_inferred_from_it(name: str) -> None:
    graph = FAMILIES[name].graph
    assert ("z", "x") in graph.generates
    assert ("x", "z") in graph.infers
    assert {node.symbol: node.observed for node in graph.nodes}["x"] == 1
    assert all(start != "x" for start, _ in graph.generates)  # nothing follows from an image but by inference


@families
def test_nodes_stand_apart_and_inside_the_drawing(name: str) -> None:
    nodes = FAMILIES[name].graph.nodes
    for node in nodes:
        assert RADIUS < node.x < WIDTH - RADIUS
        assert RADIUS < node.y < HEIGHT - RADIUS
        for other in nodes:
            assert node == other or (node.x - other.x) ** 2 + (node.y - other.y) ** 2 > (2 * RADIUS) ** 2


def test_a_posterior_that_takes_the_digit_has_its_arrow() -> None:
    """q(z|x, y) of the semi-supervised and the conditional families; in no other y plays a part."""
    for family in FAMILIES.values():
        symbols = {node.symbol for node in family.graph.nodes}
        assert (("y", "z") in family.graph.infers) == ("y" in symbols) == (r"q(z\mid x,y)" in family.nelbo)
