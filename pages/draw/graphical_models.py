"""Families as graphical models: small drawings in which a node's fill says whether it is observed."""

from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from models.description.graph import Node
from pages.draw.palette import ROLES
from training.system.templates import template

if TYPE_CHECKING:
    from models.family import Family

__all__ = ["draw", "svg"]

RADIUS = 19
_TEMPLATE = Path(__file__).with_suffix(".svg")


def draw(family: "Family") -> None:
    """Show a family's graphical model in the theme's text colour; hovering a node says what it is."""
    st.markdown(svg(family), unsafe_allow_html=True)


def svg(family: "Family") -> str:
    """The drawing as one line of SVG: solid arrows generate, dashed arrows infer."""
    nodes = {node.symbol: node for node in family.graph.nodes}
    arrows = [_arrow(nodes[a], nodes[b], dashed=False) for a, b in family.graph.generates]
    arrows += [_arrow(nodes[a], nodes[b], dashed=True) for a, b in family.graph.infers]
    drawn = template(_TEMPLATE).render(
        label=f"Graphical model of the {family.title}: {family.sentence}",
        arrows=arrows,
        nodes=[{**node._asdict(), "color": ROLES[node.role].color} for node in family.graph.nodes],
        radius=RADIUS,
    )
    return "".join(line.strip() for line in drawn.splitlines())  # Markdown would take an indented line for code


def _arrow(start: Node, end: Node, *, dashed: bool) -> dict[str, str | bool]:
    """A line from rim to rim; dashed ones bend aside so that both directions can be seen apart."""
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
    return {
        "path": f"M {sx:.1f} {sy:.1f} Q {cx:.1f} {cy:.1f} {ex:.1f} {ey:.1f}",
        "head": head,
        "dashed": dashed,
    }
