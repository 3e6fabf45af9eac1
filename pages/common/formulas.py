"""The formulas under the pictures, in the pictures' colours."""

import streamlit as st

from pages.common.palette import BOUND, KL_Z, NELBO, RECONSTRUCTION

__all__ = ["bound_formula", "nelbo_formula", "nelbo_in_short", "sampling_formula"]


def nelbo_formula() -> None:
    """NELBO = reconstruction + KL, each in its colour."""
    st.latex(f"{NELBO.in_tex()} \\;=\\; {RECONSTRUCTION.in_tex()} \\;+\\; {KL_Z.in_tex()} \\;\\ge\\; -\\log p(x)")


def nelbo_in_short() -> None:
    """The same on two lines and without its bound, for a narrow column."""
    rec, kl = r"-\mathbb{E}_q \log p(x\mid z)", r"\mathrm{KL}(q\,\|\,p)"
    terms = rf"{RECONSTRUCTION.in_tex(rec)} \\[4pt] +\;& {KL_Z.in_tex(kl)}"
    st.latex(rf"\begin{{aligned}}{NELBO.in_tex()} \;=\;& {terms}\end{{aligned}}")


def sampling_formula() -> None:
    """How a VAE draws an image."""
    st.latex(r"z \sim \mathcal{N}(0, T^2 I) \qquad x_i \sim \mathrm{Bernoulli}\bigl(\sigma(\mathrm{dec}(z)_i)\bigr)")


def bound_formula() -> None:
    """The importance-weighted bound and where it leads."""
    weight = r"\frac{p(x\mid z_k)\,p(z_k)}{q(z_k\mid x)}"
    st.latex(
        rf"{BOUND.in_tex()} \;=\; \mathbb{{E}}\Bigl[\log \tfrac1m \textstyle\sum_{{k=1}}^m {weight}\Bigr]"
        r"\;\le\; \log p(x)"
    )
