"""The terms that runs report by name, as pages show them: in their colours, with their units and their order.

What a term is called and what it means, the families say. A name that none of them knows is shown all the same: under
its own name, in grey, in a chart of its own.
"""

import math
from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from models.description.terms import SHARED, Term, Unit
from pages.draw.charts import Scale
from pages.draw.palette import REFERENCE, ROLES, Quantity
from training.system.number_format import signed

if TYPE_CHECKING:
    from models.family import ImageKind

__all__ = ["Shown", "every_in_order", "in_order", "known_terms", "term"]

SCALES: dict[Unit, Scale] = {
    "nats": Scale(),
    "%": Scale("share of the images", ".0%", ".1%"),
    "count": Scale("components", ",d", ",d"),
    "": Scale("value", ".4~g", ".4~g"),
}


class Shown(NamedTuple):
    """A reported quantity on a page.

    Attributes:
        chart: terms of one chart share their axis.
        about: what its family says of it; nothing where no family knows it.
    """

    quantity: Quantity
    unit: Unit
    chart: str
    short: str = ""
    about: Term | None = None

    @property
    def label(self) -> str:
        return self.quantity.label

    def help_for(self, images: "ImageKind") -> str:
        """What it is and what to expect of it, for a model of such images."""
        return self.about.help_for(images) if self.about else "Reported by this model."

    @property
    def scale(self) -> Scale:
        return SCALES[self.unit]

    def text(self, value: float) -> str:
        """The value without its unit, short enough for a tile even where a training diverged."""
        if not math.isfinite(value):
            return "not a number"
        if self.unit == "%":
            return f"{value:.1%}"
        if self.unit == "count":
            return f"{value:,.0f}"
        if abs(value) >= 10_000:
            return signed(value, ".1e")
        return signed(value) if self.unit == "nats" else signed(value, ".4g")

    def with_unit(self, value: float) -> str:
        """The value with its unit: "101.23 nats", "97.1%", "312"."""
        return f"{self.text(value)} nats" if self.unit == "nats" else self.text(value)


def term(name: str) -> Shown:
    """The term of this name; for an unknown one a plain label and no unit."""
    found = known_terms([name]).get(name)
    if found is None:
        return Shown(REFERENCE._replace(label=name.replace("_", " ")), "", name)
    return Shown(ROLES[found.role]._replace(label=found.label), found.unit, found.chart, found.short, found)


def every_in_order(names: Iterable[str]) -> list[str]:
    """The names in the order of the families' terms, strangers last."""
    there = set(names)
    known = known_terms(there)
    return [*(name for name in known if name in there), *sorted(there - known.keys())]


def in_order(names: Iterable[str]) -> list[str]:
    """The same without a KL that is shown in parts."""
    ordered = every_in_order(names)
    parts = any(name.startswith("kl_") for name in ordered)
    return [name for name in ordered if not (parts and name == "kl")]


def known_terms(names: Iterable[str]) -> Mapping[str, Term]:
    """Terms by name, these among them as far as any family knows them.

    Families are asked only for names that they do not share, for to ask them loads torch.
    """
    shared = {entry.name: entry for entry in SHARED}
    return shared if set(names) <= shared.keys() else _of_every_family()


@cache
def _of_every_family() -> Mapping[str, Term]:
    """Each family's own terms stand where the family puts them: behind the one before them."""
    from models.registry import FAMILIES

    order: list[Term] = list(SHARED)
    for family in FAMILIES.values():
        place = 0
        for entry in family.terms:
            if entry not in order:
                order.insert(place, entry)
            place = order.index(entry) + 1
    return {entry.name: entry for entry in order}
