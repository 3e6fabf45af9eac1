"""One colour per quantity, on every page, in pictures, tiles and formulas alike.

Each has a contrast of at least 3 : 1 to both themes' backgrounds, so one colour serves both.
"""

from typing import NamedTuple

__all__ = [
    "ACCURACY",
    "BOUND",
    "COMPONENTS",
    "CROSS_ENTROPY",
    "DIGITS",
    "KL_Y",
    "KL_Z",
    "MODELS",
    "NELBO",
    "QUANTITIES",
    "RECONSTRUCTION",
    "REFERENCE",
    "Quantity",
    "marked",
    "swatch",
]


class Quantity(NamedTuple):
    """A quantity that pages show: its name in text, in formulas (TeX), and its colour."""

    label: str
    tex: str
    color: str

    def in_tex(self, formula: str | None = None) -> str:
        """TeX in this quantity's colour: its own symbol, or the formula given."""
        return rf"\textcolor{{{self.color}}}{{{formula or self.tex}}}"


RECONSTRUCTION = Quantity("Reconstruction", r"-\mathbb{E}_{q(z\mid x)}\log p(x\mid z)", "#0d9488")
KL_Z = Quantity("KL", r"\mathrm{KL}\bigl(q(z\mid x)\,\|\,p(z)\bigr)", "#c96a00")
KL_Y = Quantity("KL of y", r"\mathrm{KL}\bigl(q(y\mid x)\,\|\,p(y)\bigr)", "#e11d48")
NELBO = Quantity("NELBO", r"\mathrm{NELBO}(x)", "#8b5cf6")
BOUND = Quantity("IWAE bound", r"\mathcal{L}_m(x)", "#3b82f6")
ACCURACY = Quantity("Accuracy", r"\mathrm{accuracy}", "#16a34a")
REFERENCE = Quantity("Shipped model", "", "#7c8494")
CROSS_ENTROPY = Quantity("Cross-entropy", r"-\log q(y\mid x)", "#c026d3")
COMPONENTS = Quantity("Components used", "", "#4d7c0f")

# For models beside each other, in the order they were chosen: none is a quantity's colour.
MODELS = ("#5b6cf0", "#b45309", "#0891b2", "#d6459b", "#65801a", "#9a6a52")

# For the ten classes of digits, 0 to 9. Told apart also by colour-blind readers, and never alone: each is also named.
DIGITS = (
    "#3c96ff",
    "#e1780f",
    "#00782d",
    "#e1003c",
    "#963cb4",
    "#969678",
    "#ff3cd2",
    "#785a78",
    "#870fff",
    "#5a87a5",
)

QUANTITIES = (RECONSTRUCTION, KL_Z, KL_Y, NELBO, BOUND, ACCURACY, REFERENCE)


def swatch(quantity: Quantity, text: str | None = None) -> str:
    """Markdown: a square of the quantity's colour before its label (or another text)."""
    return marked(quantity.color, text or quantity.label)


def marked(color: str, text: str) -> str:
    """Markdown: a square of a colour before a text."""
    return f":color[■]{{foreground='{color}'}} {text}"
