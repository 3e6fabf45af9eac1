r"""Formulas that several families share, in LaTeX; `\term{role}{...}` marks a part that takes a quantity's colour.

This module stays light (no torch).
"""

__all__ = ["BERNOULLI", "KL_IN_SHORT", "NELBO", "NELBO_IN_SHORT", "NORMAL", "REC_IN_SHORT", "loss", "with_kl_weight"]

NORMAL = r"z \sim \mathcal{N}(0, T^2 I)"  # T is the temperature
BERNOULLI = r"x_i \sim \mathrm{Bernoulli}\bigl(\sigma(\mathrm{dec}(z)_i)\bigr)"
NELBO = (
    r"\term{nelbo}{\mathrm{NELBO}(x)} \;=\; \term{rec}{-\mathbb{E}_{q(z\mid x)}\log p(x\mid z)} \;+\; "
    r"\term{kl}{\mathrm{KL}\bigl(q(z\mid x)\,\|\,p(z)\bigr)} \;\ge\; -\log p(x)"
)
REC_IN_SHORT = r"\term{rec}{-\mathbb{E}_q \log p(x\mid z)}"
KL_IN_SHORT = r"\term{kl}{\mathrm{KL}(q\,\|\,p)}"
NELBO_IN_SHORT = (
    rf"\begin{{aligned}}\term{{nelbo}}{{\mathrm{{NELBO}}(x)}} \;=\;& {REC_IN_SHORT} \\[4pt] "
    rf"+\;& {KL_IN_SHORT}\end{{aligned}}"
)


def loss(*terms: tuple[int | float, str]) -> str:
    """The loss as a weighted sum: a weight of 1 is not written, a term of weight 0 not at all."""
    parts = [(weight, _times(abs(weight), term)) for weight, term in terms if weight]
    signs = [(r"\;-\; " if weight < 0 else r"\;+\; ") + part for weight, part in parts]
    total = " ".join(signs).removeprefix(r"\;+\; ") or "0"
    return rf"\text{{loss}} \;=\; {total}"


def with_kl_weight(formula: str, before: float, now: float) -> str:
    """A loss whose KL has another weight now; unchanged where the KL is no term of its own but part of a NELBO."""
    return formula.replace(_times(before, KL_IN_SHORT), _times(now, KL_IN_SHORT)) if before else formula


def _times(weight: int | float, term: str) -> str:
    if weight == 1:
        return term
    number, _, exponent = f"{weight:.6g}".partition("e")
    power = rf"\cdot 10^{{{int(exponent)}}}" if exponent else ""
    return rf"{number}{power}\cdot {term}"
