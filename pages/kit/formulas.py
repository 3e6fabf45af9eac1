r"""The formulas under the pictures, in the pictures' colours. What a family's formulas are, the family says.

In a formula, `\term{role}{...}` marks a part that takes the colour of the quantity with that role.
"""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

import streamlit as st

from models.description.latex import NELBO_IN_SHORT, with_kl_weight
from pages.draw.palette import ROLES
from pages.kit.code import code_below
from pages.kit.guard import plain
from training.data.seen import NOT_KNOWN
from training.system.number_format import signed

if TYPE_CHECKING:
    from models.family import Family, ModelConfig
    from training.checkpoints.reading import Checkpoint

__all__ = [
    "bound_formula",
    "coloured",
    "loss_formula",
    "losses",
    "nelbo_formula",
    "nelbo_in_short",
    "prior_formula",
    "sampling_formula",
]

BOUND = (
    r"\term{bound}{-\mathcal{L}_m(x)} \;=\; -\,\mathbb{E}\Bigl[\log \tfrac1m \textstyle\sum_{k=1}^m "
    r"\frac{p(x\mid z_k)\,p(z_k)}{q(z_k\mid x)}\Bigr]\;\ge\; -\log p(x)"
)


def nelbo_formula(family: "Family") -> None:
    """The negative ELBO of one image as the sum of its terms."""
    st.latex(coloured(family.nelbo))
    code_below(family.name, "elbo_terms", key="nelbo")


def nelbo_in_short(family: str) -> None:
    """The same on two lines and without its bound, for a narrow column; the code is that of the family of this name."""
    st.latex(coloured(NELBO_IN_SHORT))
    code_below(family, "elbo_terms", key="nelbo")


def loss_formula(family: "Family", config: "ModelConfig", *, changed: tuple[int, float] | None = None) -> None:
    """What a training under this config minimises, with its own weights.

    Arguments:
        changed: after which step, and to what, the KL weight was last changed while it trained.
    """
    weight = config.kl_weight if changed is None else changed[1]
    st.latex(coloured(with_kl_weight(family.loss(config), config.kl_weight, weight)))
    if changed is not None:
        st.caption(
            f"The KL weight β was changed while it trained: the KL counts {signed(weight, 'g')} times in this loss "
            f"since step {changed[0]:,}, and counted {signed(config.kl_weight, 'g')} times when the training began."
        )
    code_below(family.name, "objective", key="loss")


def losses(models: "Mapping[str, Checkpoint]") -> None:
    """What trainings minimised, each loss once, below the labels of its models.

    Files from elsewhere say nothing of their training, and are left out.
    """
    minimised: dict[str, list[str]] = {}
    for label, source in models.items():
        if source.learned_from != NOT_KNOWN:
            minimised.setdefault(source.family.loss(source.config), []).append(label)
    for place, (formula, labels) in enumerate(minimised.items()):
        st.caption(f"Trained with this loss: {plain(', '.join(labels))}.")
        st.latex(coloured(formula))
        code_below(models[labels[0]].family.name, "objective", key=f"loss-{place}")


def sampling_formula(family: "Family") -> None:
    """How a model of this family draws an image; T is the temperature."""
    st.latex(coloured(family.sampling))
    code_below(family.name, "sample_prior", "decode_mean", key="sampling")


def prior_formula(family: "Family") -> None:
    """The learned prior p(z), and the KL that it takes."""
    st.latex(coloured(family.prior))
    code_below(family.name, "log_prior", "elbo_terms", key="prior")


def bound_formula(family: str) -> None:
    """The negative importance-weighted bound and its limit; the code is that of the family of this name."""
    st.latex(coloured(BOUND))
    code_below(family, "log_weights", "models.blocks.distributions.log_mean_exp", key="bound")


def coloured(formula: str) -> str:
    """LaTeX whose marked parts have their quantities' colours."""
    return re.sub(r"\\term\{(\w+)\}", lambda mark: rf"\textcolor{{{ROLES[mark[1]].color}}}", formula)
