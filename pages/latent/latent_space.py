"""What lies behind the samples, one part at a time, each made only when it is chosen."""

import streamlit as st

from pages.choose.evaluation_images import encoded
from pages.kit import services
from pages.kit.address import page_key
from pages.kit.guard import section
from pages.latent.latent_map import latent_map
from pages.latent.latent_pad import latent_pad
from pages.latent.one_digit import one_digit
from pages.latent.traversals import interpolation, traversal
from training.checkpoints.model_ref import ModelRef
from training.data.registry import data_set_or_first

__all__ = ["latent_space"]

PARTS = {
    "pad": ("Latent pad", latent_pad),
    "map": ("Map of {plural}", latent_map),
    "digit": ("One {noun}", one_digit),
    "walk": ("Interpolation", interpolation),
    "dimensions": ("Traversals", traversal),
}


def latent_space(ref: ModelRef) -> None:
    """A choice of views of a model's latent space, and the one chosen."""
    words = data_set_or_first(ref.data).words
    view = st.pills(
        "View",
        list(PARTS),
        default="pad",
        required=True,
        format_func=lambda name: PARTS[name][0].format(**words),
        key=page_key("view"),
        bind="query-params",
        wrap=True,
    )
    with section("latent space"):
        with st.spinner("Reading the model"):
            source = services.checkpoint(ref)
            encoded(source)  # kept: no view waits for it
        PARTS[view][1](source)
