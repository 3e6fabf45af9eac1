"""The formulas under the pictures, in the pictures' colours."""

import streamlit as st

from pages.draw.palette import BOUND, CROSS_ENTROPY, KL_Y, KL_Z, NELBO, RECONSTRUCTION
from pages.kit.code import code_below

__all__ = [
    "beta_formula",
    "bound_formula",
    "labels_formula",
    "mixture_formula",
    "nelbo_formula",
    "nelbo_in_short",
    "sampling_formula",
]

CONDITIONAL = ("fsvae", "fsvae-conv")


def nelbo_formula(family: str = "vae") -> None:
    """NELBO = reconstruction + KL, each in its colour; an SSVAE's has a KL for each of z and y, an FSVAE is told y."""
    if family == "ssvae":
        mean = r"\mathbb{E}_{q(y\mid x)}"
        rec = RECONSTRUCTION.in_tex(rf"-{mean}\mathbb{{E}}_{{q(z\mid x,y)}}\log p(x\mid z,y)")
        kl_z = KL_Z.in_tex(rf"{mean}\mathrm{{KL}}\bigl(q(z\mid x,y)\,\|\,p(z)\bigr)")
        lines = rf"{NELBO.in_tex()} \;=\;& {rec} \\ +\;& {kl_z} \;+\; {KL_Y.in_tex()} \;\ge\; -\log p(x)"
        st.latex(rf"\begin{{aligned}} {lines} \end{{aligned}}")  # two lines, as below: one outgrows small windows
    elif family in CONDITIONAL:
        nelbo = NELBO.in_tex(r"\mathrm{NELBO}(x, y)")
        rec = RECONSTRUCTION.in_tex(r"-\mathbb{E}_{q(z\mid x,y)}\log p(x\mid z,y)")
        kl = KL_Z.in_tex(r"\mathrm{KL}\bigl(q(z\mid x,y)\,\|\,p(z)\bigr)")
        lines = rf"{nelbo} \;=\;& {rec} \\ +\;& {kl} \;\ge\; -\log p(x\mid y)"
        st.latex(rf"\begin{{aligned}} {lines} \end{{aligned}}")
    else:
        st.latex(rf"{NELBO.in_tex()} \;=\; {RECONSTRUCTION.in_tex()} \;+\; {KL_Z.in_tex()} \;\ge\; -\log p(x)")
    code_below(family, "elbo_terms", key="nelbo")


def nelbo_in_short() -> None:
    """The same on two lines and without its bound, for a narrow column."""
    rec, kl = r"-\mathbb{E}_q \log p(x\mid z)", r"\mathrm{KL}(q\,\|\,p)"
    terms = rf"{RECONSTRUCTION.in_tex(rec)} \\[4pt] +\;& {KL_Z.in_tex(kl)}"
    st.latex(rf"\begin{{aligned}}{NELBO.in_tex()} \;=\;& {terms}\end{{aligned}}")
    code_below("vae", "elbo_terms", key="nelbo")


def beta_formula(beta: float) -> None:
    """What a beta-VAE's training makes small, with its beta."""
    rec, kl = r"-\mathbb{E}_q \log p(x\mid z)", r"\mathrm{KL}(q\,\|\,p)"
    st.latex(rf"\text{{loss}} \;=\; {RECONSTRUCTION.in_tex(rec)} \;+\; {beta:g}\cdot {KL_Z.in_tex(kl)}")
    code_below("beta-vae", "objective", key="loss")


def sampling_formula(family: str) -> None:
    """How a model of this family draws an image; T is the temperature."""
    normal = r"z \sim \mathcal{N}(0, T^2 I)"
    latents = {
        "gmvae": r"c \sim \mathrm{Uniform}(1..k) \qquad z \sim \mathcal{N}(\mu_c, T^2 \Sigma_c)",
        "ssvae": rf"y \sim \mathrm{{Uniform}}(0..9) \qquad {normal}",
    }
    inputs = "z, y" if family == "ssvae" else "z"
    pixels = rf"x_i \sim \mathrm{{Bernoulli}}\bigl(\sigma(\mathrm{{dec}}({inputs})_i)\bigr)"
    if family in CONDITIONAL:
        st.latex(rf"{normal} \qquad y = 0, 1, \dots, 9 \qquad \mathbb{{E}}[x\mid z, y] = \mathrm{{dec}}(z, y)")
    else:
        st.latex(rf"{latents.get(family, normal)} \qquad {pixels}")
    code_below(family, "sample_prior", "decode_mean", key="sampling")


def mixture_formula() -> None:
    """A GMVAE's prior, and the one-sample KL that it takes."""
    prior = r"p(z) \;=\;& \frac1k\sum_{c=1}^{k}\mathcal{N}\bigl(z;\,\mu_c,\,\mathrm{diag}(\sigma_c^2)\bigr)"
    kl, sampled = KL_Z.in_tex(r"\mathrm{KL}"), KL_Z.in_tex(r"\log q(z\mid x) - \log p(z)")
    st.latex(rf"\begin{{aligned}}{prior} \\ {kl} \;\approx\;& {sampled},\quad z\sim q(z\mid x)\end{{aligned}}")
    code_below("gmvae", "log_prior", "elbo_terms", key="mixture")


def labels_formula() -> None:
    """What an SSVAE's training makes small, with the homework's weights."""
    unlabelled = NELBO.in_tex(r"\mathbb{E}_{x}\,\mathrm{NELBO}(x)")
    labelled = CROSS_ENTROPY.in_tex(r"\mathbb{E}_{(x, y)\,\text{labelled}}\bigl[-\log q(y\mid x)\bigr]")
    st.latex(rf"\text{{loss}} \;=\; {unlabelled} \;+\; 100\cdot {labelled}")
    code_below("ssvae", "objective", key="loss")


def bound_formula(family: str = "vae") -> None:
    """The importance-weighted bound and where it leads; the code is that of a family."""
    weight = r"\frac{p(x\mid z_k)\,p(z_k)}{q(z_k\mid x)}"
    st.latex(
        rf"{BOUND.in_tex()} \;=\; \mathbb{{E}}\Bigl[\log \tfrac1m \textstyle\sum_{{k=1}}^m {weight}\Bigr]"
        r"\;\le\; \log p(x)"
    )
    code_below(family, "log_weights", "models.distributions.log_mean_exp", key="bound")
