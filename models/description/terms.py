"""The quantities that training reports by name, in words: what each is called, what it is and what to expect of it.

Terms that several families report stand here; what only one of them reports stands in its own file. One name is one
term everywhere. This module stays light (no torch), so that a table of numbers can name its rows at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

__all__ = ["COMPONENTS", "KL", "NELBO", "REC", "SHARED", "ColourRole", "ImageKind", "Term", "Unit"]

ImageKind = Literal["binary", "colour"]  # zeros and ones, or colours in 0..1
ColourRole = Literal[
    "nelbo", "rec", "kl", "kl_y", "bound", "accuracy", "cross_entropy", "components"
]  # pages give each its colour, the same in charts, formulas and drawings
Unit = Literal["nats", "%", "count", ""]


@dataclass(frozen=True)
class Term:
    """A reported quantity.

    Attributes:
        name: the key under which `objective` or `diagnose` reports it.
        label: what people call it.
        role: which quantity's colour it takes.
        unit: of its values; "%" are shares from 0 to 1.
        chart: terms of one chart share their axis, so they share their unit.
        help: what it is and what to expect of it; one text, or one for each kind of images.
        short: the label where room is scarce.
        chart_title: of the chart that it is in, as Markdown; the first of a chart's terms that has one gives it.
        out_of: the field of the model's config that holds its largest value, where there is one.
    """

    name: str
    label: str
    role: ColourRole
    unit: Unit
    chart: str
    help: "str | Mapping[ImageKind, str]" = field(hash=False)
    short: str = ""
    chart_title: str = ""
    out_of: str = ""

    def help_for(self, images: "ImageKind") -> str:
        """The text that is true of models of such images."""
        return self.help if isinstance(self.help, str) else self.help[images]


NELBO = Term(
    name="nelbo",
    label="NELBO",
    role="nelbo",
    unit="nats",
    chart="nelbo",
    help={
        "binary": "Reconstruction + KL, an upper bound on −log p(x). An untrained model has about 545 nats, since it "
        "gives each of 784 pixels probability 1/2, or ln 2 nats; on MNIST the homework's models end near 100.",
        "colour": "Reconstruction + KL, an upper bound on −log p(x|y). Colours have a density, which may be larger "
        "than 1, so a trained model's NELBO is often negative. It starts at thousands of nats; it ends where "
        "the variance of p(x|z, y) allows, so only models of the same variance are compared by it.",
    },
)
KL = Term(
    name="kl",
    label="KL",
    role="kl",
    unit="nats",
    chart="parts",
    help={
        "binary": "How far q(z|x) is from the prior. Near 0 at first, while the model ignores its code; then it "
        "rises, on MNIST to about 19 in the homework's VAE.",
        "colour": "How far q(z|x, y) is from the prior. Near 0 at first, while the model ignores its code; then it "
        "rises, on SVHN to about 20 in the homework's FSVAE.",
    },
)
REC = Term(
    name="rec",
    label="Reconstruction",
    role="rec",
    unit="nats",
    chart="parts",
    help={
        "binary": "−log p(x|z), averaged over q(z|x). About 543 while every pixel has probability 1/2; it falls by far "
        "more than the KL rises.",
        "colour": "−log p(x|z, y), averaged over q(z|x, y); each colour value is a Gaussian around the decoder mean. "
        "It is the squared error over twice the variance plus a constant, and negative where the Gaussians' densities "
        "are above 1. It falls by far more than the KL rises.",
    },
    short="Rec.",
    chart_title="**Its terms**, on held-out images",
)
COMPONENTS = Term(
    name="components",
    label="Components used",
    role="components",
    unit="count",
    chart="components",
    help="How many of the prior's k Gaussians explain at least one of 1,000 held-out images best. Few at first, then "
    "more as they spread out. Unused ones do not show that fewer would do as well: which ones are used depends on the "
    "training too.",
    short="Components",
    chart_title="**Components used** by 1,000 held-out images",
    out_of="k",
)
SHARED = (NELBO, KL, REC, COMPONENTS)
