"""Graphical models as data: random variables, what generates what, and what is inferred from what."""

from typing import NamedTuple

from models.description.terms import ColourRole

__all__ = ["Graph", "Node"]


class Node(NamedTuple):
    """A random variable at (x, y) of a drawing 160 wide and 164 high.

    Attributes:
        meaning: what it stands for and whether it is observed, in a few words.
        role: which quantity's colour it takes.
        observed: the share of images for which it is known: 0 never, 1 always, between them sometimes.
    """

    symbol: str
    x: int
    y: int
    meaning: str
    role: ColourRole
    observed: float = 0.0


class Graph(NamedTuple):
    """The joint p as arrows that generate, and the posterior q as arrows that infer: (from, to) by symbol each."""

    nodes: tuple[Node, ...]
    generates: tuple[tuple[str, str], ...]
    infers: tuple[tuple[str, str], ...]
