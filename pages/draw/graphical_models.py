"""Families as graphical models: small drawings in which a node's fill says whether it is observed."""

from html import escape
from typing import TYPE_CHECKING

import streamlit as st

from models.graph import Node
from pages.draw.palette import ROLES

if TYPE_CHECKING:
    from models.family import Family

__all__ = ["draw", "svg"]

RADIUS = 19


def draw(family: "Family") -> None:
    """Show a family's graphical model in the theme's text colour; hovering a node says what it is."""
    st.markdown(svg(family), unsafe_allow_html=True)


def svg(family: "Family") -> str:
    """The drawing as one line of SVG: solid arrows generate, dashed arrows infer."""
    nodes = {node.symbol: node for node in family.graph.nodes}
    arrows = [_arrow(nodes[a], nodes[b], dashed=False) for a, b in family.graph.generates]
    arrows += [_arrow(nodes[a], nodes[b], dashed=True) for a, b in family.graph.infers]
    circles = [_circle(node) for node in family.graph.nodes]
    label = escape(f"Graphical model of the {family.title}: {family.sentence}")
    return (
        f'<svg viewBox="0 0 160 164" width="100%" style="max-width:190px;display:block;margin:auto" role="img" '
        f'aria-label="{label}">{"".join(arrows)}{"".join(circles)}</svg>'
    )


def _circle(node: Node) -> str:
    color = ROLES[node.role].color
    fill = (
        f'<circle cx="{node.x}" cy="{node.y}" r="{RADIUS}" fill="{color}" fill-opacity="0.16"/>'
        if node.observed == 1
        else ""
    )
    if 0 < node.observed < 1:
        left, right = node.x - RADIUS, node.x + RADIUS
        fill = (
            f'<path d="M {left} {node.y} A {RADIUS} {RADIUS} 0 0 0 {right} {node.y} Z" fill="{color}" '
            f'fill-opacity="0.28"/>'
        )
    return (
        f"<g><title>{escape(node.symbol)}: {escape(node.meaning)}</title>{fill}"
        f'<circle cx="{node.x}" cy="{node.y}" r="{RADIUS}" fill="transparent" stroke="{color}" stroke-width="2"/>'
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
