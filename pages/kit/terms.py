"""The terms that runs report by name: how each is called, coloured, written and explained.

A name that is not in the table is shown all the same: under its own name, in grey, in a chart of its own.
"""

from collections.abc import Iterable
from typing import Literal, NamedTuple

from pages.draw.charts import Scale
from pages.draw.palette import (
    ACCURACY,
    COMPONENTS,
    CROSS_ENTROPY,
    KL_Y,
    KL_Z,
    NELBO,
    RECONSTRUCTION,
    REFERENCE,
    Quantity,
)

__all__ = ["TERMS", "Term", "Unit", "in_order", "term"]

Unit = Literal["nats", "%", "count", ""]
SCALES: dict[Unit, Scale] = {
    "nats": Scale(),
    "%": Scale("of the digits", ".0%", ".1%"),
    "count": Scale("components", ",d", ",d"),
    "": Scale("value", ".4~g", ".4~g"),
}


class Term(NamedTuple):
    """A reported quantity.

    Attributes:
        chart: terms of one chart share their axis, so they share their unit.
        help: what it is, and what to expect of it.
        short: the label where room is scarce.
    """

    quantity: Quantity
    unit: Unit
    chart: str
    help: str
    short: str = ""

    @property
    def label(self) -> str:
        return self.quantity.label

    @property
    def scale(self) -> Scale:
        return SCALES[self.unit]

    def text(self, value: float) -> str:
        """The value without its unit, short enough for a tile even when a training went wild."""
        if self.unit == "%":
            return f"{value:.1%}"
        if self.unit == "count":
            return f"{value:,.0f}"
        if abs(value) >= 10_000:
            return f"{value:.1e}"
        return f"{value:.2f}" if self.unit == "nats" else f"{value:.4g}"

    def with_unit(self, value: float) -> str:
        """The value with its unit: "101.23 nats", "97.1%", "312"."""
        return f"{self.text(value)} nats" if self.unit == "nats" else self.text(value)


TERMS = {
    "nelbo": Term(
        NELBO,
        "nats",
        "nelbo",
        "What the drawing gets wrong plus what the code costs: never less than −log p(x). An untrained model pays "
        "about 545, since each of 784 pixels is a coin flip of ln 2; the homework's models end near 100.",
    ),
    "kl": Term(
        KL_Z,
        "nats",
        "parts",
        "What the code costs: how far q(z|x) is from the prior. Near 0 at first, while the model ignores its code; "
        "then it rises, to about 19 in the homework's VAE.",
    ),
    "kl_y": Term(
        KL_Y,
        "nats",
        "label",
        "What naming the digit costs: how far q(y|x) is from uniform. It starts near 0, where all ten labels are "
        "equally likely, and ends near ln 10 = 2.30, where the classifier is sure. One that stays near 0.17 under a "
        "good NELBO is the sign of a wrong reshape: labels and images are paired in the wrong order.",
    ),
    "kl_z": Term(
        KL_Z._replace(label="KL of z"),
        "nats",
        "parts",
        "What the code z costs beside the label: how far q(z|x, y) is from the prior, averaged over q(y|x). Near 0 at "
        "first, then it rises as the model learns to use z.",
    ),
    "rec": Term(
        RECONSTRUCTION,
        "nats",
        "parts",
        "What the drawing gets wrong: −log p(x|z). About 543 while each pixel is a coin flip; it falls by far more "
        "than the KL rises.",
        short="Rec.",
    ),
    "cross_entropy": Term(
        CROSS_ENTROPY,
        "nats",
        "label",
        "−log q(y|x) of the right label, on the labelled digits. It starts near ln 10 = 2.30, a blind guess, and "
        "soon falls to almost 0: so few are learned by heart, and only the accuracy tells what that is worth.",
    ),
    "accuracy": Term(
        ACCURACY,
        "%",
        "accuracy",
        "The share of digits whose likeliest label is right, on images whose labels the model never gets to see. "
        "A blind guess is right for 10%.",
    ),
    "components": Term(
        COMPONENTS,
        "count",
        "components",
        "How many of the prior's k Gaussians explain at least one of 1,000 held-out digits best. Few at first, then "
        "more as they spread out. What stays unused is capacity the model never needed.",
        short="Components",
    ),
    "content": Term(
        ACCURACY._replace(label="Content"),
        "nats",
        "readers",
        "Cross-entropy of a classifier that reads the wanted digit in swapped images, through the model's own noise. "
        "A blind guess costs ln 10 = 2.30; the decoder learns to bring it down.",
    ),
    "leak": Term(
        KL_Y._replace(label="Leak"),
        "nats",
        "readers",
        "Cross-entropy of the adversary, which reads the digit from the style z. The encoder learns to keep it high: "
        "near 2.24 z tells nothing, and only how common each digit is remains.",
    ),
    "content_accuracy": Term(
        ACCURACY._replace(label="Content accuracy"),
        "%",
        "read",
        "How often the classifier beside the model reads the wanted digit in swapped images.",
        short="Content",
    ),
    "leak_accuracy": Term(
        KL_Y._replace(label="Leak accuracy"),
        "%",
        "read",
        "How often the adversary reads the digit from z. Always naming the commonest digit is right for 19.6 %.",
        short="Leak",
    ),
}


def term(name: str) -> Term:
    """The term of this name; for an unknown one a plain label and no unit."""
    plain = name.replace("_", " ")
    return TERMS.get(name) or Term(REFERENCE._replace(label=plain), "", name, "Reported by this model.")


def in_order(names: Iterable[str]) -> list[str]:
    """The names to show, in the table's order, strangers last; a KL that is shown in parts is not shown whole."""
    there = set(names)
    if any(name.startswith("kl_") for name in there):
        there.discard("kl")
    return [*(name for name in TERMS if name in there), *sorted(there - TERMS.keys())]
