"""One colour per quantity, on every page, in pictures, tiles and formulas alike.

Each has a contrast of at least 3 : 1 to both themes' backgrounds, so one colour serves both; letters need more, see
`formula_colors`.
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
    "ROLES",
    "SHAPES",
    "SYMBOLS",
    "Quantity",
    "formula_colors",
    "marked",
    "swatch",
]


class Quantity(NamedTuple):
    """A quantity that pages show: its name in text and its colour."""

    label: str
    color: str

    def in_tex(self, formula: str) -> str:
        """A formula (TeX) in this quantity's colour."""
        return rf"\textcolor{{{self.color}}}{{{formula}}}"


RECONSTRUCTION = Quantity("Reconstruction", "#0d9488")
KL_Z = Quantity("KL", "#c96a00")
KL_Y = Quantity("KL of y", "#e11d48")
NELBO = Quantity("NELBO", "#8b5cf6")
BOUND = Quantity("IWAE bound", "#3b82f6")
ACCURACY = Quantity("Accuracy", "#16a34a")
REFERENCE = Quantity("Shipped model", "#7c8494")
CROSS_ENTROPY = Quantity("Cross-entropy", "#c026d3")
COMPONENTS = Quantity("Components used", "#4d7c0f")

# For models beside each other, in the order they were chosen: none is a quantity's colour.
MODELS = ("#5b6cf0", "#b45309", "#0891b2", "#d6459b", "#65801a", "#9a6a52")

# The mark of each, so that colour alone never distinguishes two models: in text, and in a Vega-Lite chart.
SYMBOLS = dict(zip(MODELS, "■●▲◆▼✚", strict=True))
SHAPES = ("square", "circle", "triangle-up", "diamond", "triangle-down", "cross")

# For the ten classes of digits, 0 to 9. Distinct for colour-blind people too, and never alone: each is also named.
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

SHARE = 0.8  # of its own colour in a letter

QUANTITIES = (RECONSTRUCTION, KL_Z, KL_Y, NELBO, BOUND, ACCURACY, REFERENCE)

# By the roles (`models.description.terms.ColourRole`) under which families speak of them.
ROLES: dict[str, Quantity] = {
    "nelbo": NELBO,
    "rec": RECONSTRUCTION,
    "kl": KL_Z,
    "kl_y": KL_Y,
    "bound": BOUND,
    "accuracy": ACCURACY,
    "cross_entropy": CROSS_ENTROPY,
    "components": COMPONENTS,
}


def formula_colors() -> str:
    """CSS: quantities in formulas, darker on light paper and lighter on dark paper: 4.5 : 1 for letters at least."""
    rules = []
    for color in dict.fromkeys(quantity.color for quantity in ROLES.values()):
        red, green, blue = (int(color[place : place + 2], 16) for place in (1, 3, 5))
        mixed = (f"color-mix(in srgb, {color} {SHARE:.0%}, {paper})" for paper in ("black", "white"))
        rules.append(
            f'.katex [style*="rgb({red}, {green}, {blue})"] {{ color: light-dark({", ".join(mixed)}) !important; }}'
        )
    return "\n".join(rules)


def swatch(quantity: Quantity, text: str | None = None) -> str:
    """Markdown: a square of the quantity's colour before its label (or another text)."""
    return marked(quantity.color, text or quantity.label)


def marked(color: str, text: str) -> str:
    """Markdown: a mark of a colour before a text, a model's own or a square."""
    return f":color[{SYMBOLS.get(color, '■')}]{{foreground='{color}'}} {text}"
