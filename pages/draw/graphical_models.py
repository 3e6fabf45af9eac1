"""The family as graphical models: small drawings in which a node's fill says whether it is observed."""

from html import escape
from typing import NamedTuple

import streamlit as st

from pages.draw.palette import KL_Y, KL_Z, NELBO, RECONSTRUCTION

__all__ = ["FAMILY", "Drawing", "Node", "draw", "of_family"]

RADIUS = 19


class Node(NamedTuple):
    """A random variable at (x, y); observed ones are filled, those seen now and then are half filled."""

    symbol: str
    x: int
    y: int
    meaning: str
    color: str
    observed: float = 0.0  # 0 never, 0.5 sometimes, 1 always


class Drawing(NamedTuple):
    """A graphical model: solid arrows generate, dashed arrows infer.

    Attributes:
        page: the page about it, its file and its name.
    """

    title: str
    sentence: str
    nodes: tuple[Node, ...]
    generates: tuple[tuple[str, str], ...]
    infers: tuple[tuple[str, str], ...]
    family: str
    preset: str | None = None
    page: tuple[str, str] | None = None


def _x(x: int = 80, y: int = 140) -> Node:
    return Node("x", x, y, "the image: observed", RECONSTRUCTION.color, 1.0)


def _z(x: int = 80, y: int = 60, meaning: str = "the latent code: never observed") -> Node:
    return Node("z", x, y, meaning, KL_Z.color)


FAMILY = (
    Drawing(
        "VAE",
        "A code z of ten numbers makes an image x; the encoder guesses z back.",
        (_z(), _x()),
        (("z", "x"),),
        (("x", "z"),),
        family="vae",
        preset="vae",
        page=("pages/samples.py", "Samples"),
    ),
    Drawing(
        "β-VAE",
        "The same model, but training pays β for each nat that z carries.",
        (_z(), _x(), Node("β", 138, 60, "the price of a nat in z", NELBO.color, 0.0)),
        (("z", "x"),),
        (("x", "z"),),
        family="beta-vae",
        preset="beta-4",
        page=("pages/beta.py", "Beta"),
    ),
    Drawing(
        "GMVAE",
        "z comes from one of 500 learned clusters c, not from one round cloud.",
        (Node("c", 28, 22, "which of 500 components: summed out", NELBO.color), _z(80, 66), _x()),
        (("c", "z"), ("z", "x")),
        (("x", "z"),),
        family="gmvae",
        preset="gmvae",
        page=("pages/mixture.py", "Mixture"),
    ),
    Drawing(
        "SSVAE",
        "The digit y is its own variable, known for 100 images and inferred for the rest.",
        (
            _z(44, 50),
            Node("y", 116, 50, "the digit: observed for 100 images", KL_Y.color, 0.5),
            _x(),
        ),
        (("z", "x"), ("y", "x")),
        (("x", "z"), ("x", "y")),
        family="ssvae",
        preset="ssvae",
    ),
    Drawing(
        "FSVAE",
        "On house numbers with every digit y known, z is left with the style.",
        (
            _z(44, 50, "the style: never observed"),
            Node("y", 116, 50, "the digit: always observed", KL_Y.color, 1.0),
            _x(),
        ),
        (("z", "x"), ("y", "x")),
        (("x", "z"),),
        family="fsvae",
    ),
)


def of_family(family: str) -> Drawing | None:
    """The drawing of a family, if there is one."""
    return next((drawing for drawing in FAMILY if drawing.family == family), None)


def draw(drawing: Drawing) -> None:
    """Show a graphical model in the theme's text colour; hovering a node says what it is."""
    st.markdown(svg(drawing), unsafe_allow_html=True)


def svg(drawing: Drawing) -> str:
    """The drawing as one line of SVG."""
    nodes = {node.symbol: node for node in drawing.nodes}
    arrows = [_arrow(nodes[a], nodes[b], dashed=False) for a, b in drawing.generates]
    arrows += [_arrow(nodes[a], nodes[b], dashed=True) for a, b in drawing.infers]
    circles = [_circle(node) for node in drawing.nodes]
    label = escape(f"Graphical model of the {drawing.title}: {drawing.sentence}")
    return (
        f'<svg viewBox="0 0 160 164" width="100%" style="max-width:190px;display:block;margin:auto" role="img" '
        f'aria-label="{label}">{"".join(arrows)}{"".join(circles)}</svg>'
    )


def _circle(node: Node) -> str:
    fill = (
        f'<circle cx="{node.x}" cy="{node.y}" r="{RADIUS}" fill="{node.color}" fill-opacity="0.16"/>'
        if node.observed == 1
        else ""
    )
    if 0 < node.observed < 1:
        left, right = node.x - RADIUS, node.x + RADIUS
        fill = (
            f'<path d="M {left} {node.y} A {RADIUS} {RADIUS} 0 0 0 {right} {node.y} Z" fill="{node.color}" '
            f'fill-opacity="0.28"/>'
        )
    return (
        f"<g><title>{escape(node.symbol)}: {escape(node.meaning)}</title>{fill}"
        f'<circle cx="{node.x}" cy="{node.y}" r="{RADIUS}" fill="transparent" stroke="{node.color}" stroke-width="2"/>'
        f'<text x="{node.x}" y="{node.y + 6}" text-anchor="middle" font-size="18" font-style="italic" '
        f'font-family="Source Serif, serif" fill="currentColor">{escape(node.symbol)}</text></g>'
    )


def _arrow(start: Node, end: Node, *, dashed: bool) -> str:
    """A line from rim to rim; dashed ones bend aside so that both directions can be told apart."""
    dx, dy = end.x - start.x, end.y - start.y
    length = (dx * dx + dy * dy) ** 0.5
    ux, uy = dx / length, dy / length
    bend = 16 if dashed else 0
    nx, ny = -uy * bend, ux * bend
    sx, sy = start.x + ux * RADIUS + nx * 0.5, start.y + uy * RADIUS + ny * 0.5
    ex, ey = end.x - ux * (RADIUS + 3) + nx * 0.5, end.y - uy * (RADIUS + 3) + ny * 0.5
    cx, cy = (sx + ex) / 2 + nx * 0.6, (sy + ey) / 2 + ny * 0.6
    hx, hy = ex - cx, ey - cy
    norm = (hx * hx + hy * hy) ** 0.5
    hx, hy = hx / norm, hy / norm
    head = (
        f"{ex:.1f},{ey:.1f} {ex - 7 * hx - 3.5 * hy:.1f},{ey - 7 * hy + 3.5 * hx:.1f} "
        f"{ex - 7 * hx + 3.5 * hy:.1f},{ey - 7 * hy - 3.5 * hx:.1f}"
    )
    dash = ' stroke-dasharray="3 3"' if dashed else ""
    return (
        f'<g opacity="0.75"><path d="M {sx:.1f} {sy:.1f} Q {cx:.1f} {cy:.1f} {ex:.1f} {ey:.1f}" fill="none" '
        f'stroke="currentColor" stroke-width="1.4"{dash}/><polygon points="{head}" fill="currentColor"/></g>'
    )
