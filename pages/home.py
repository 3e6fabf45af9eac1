"""Home: what the app is, the family it teaches, and the numbers it stands on."""

from math import ceil
from typing import TYPE_CHECKING

import streamlit as st

from pages.draw import figures, graphical_models
from pages.kit import formulas, frame, glossary, services
from pages.kit.address import enter, link
from pages.measure import numbers
from pages.measure.seed_dots import seed_dots
from training.checkpoints.model_ref import model_ref
from training.checkpoints.roles import Role, playing
from training.data.registry import whole
from training.system.folders import PRETRAINED, pretrained_names

if TYPE_CHECKING:
    from models.family import Family

SHIPPED = PRETRAINED / pretrained_names()[0]  # the page opens with this model
SHIPPED_DATA = whole(model_ref("shipped", SHIPPED.name).data).name
MOST_IN_A_ROW = 5
DOORS: dict[Role, str] = {"Mixture": "Mixture", "Classifier": "Labels", "Conditional": "Style"}


def door(family: "Family") -> str:
    """The page that is about what a family has and others have not."""
    for role, page in DOORS.items():
        if family.name in playing(role):
            return page
    return "Beta" if "beta" in family.config.model_fields else "Samples"


enter("pages/home.py")
frame.header("ELBO Lab", "Train a variational autoencoder in front of your eyes, and see what its formulas mean.")
words, digits = st.columns([1, 1.4], gap="large")
with digits:
    play = st.session_state.get("living", True)
    figures.living_picture(
        SHIPPED / "samples.webp",
        SHIPPED / "samples.png",
        alt="200 handwritten digits in 10 rows and 20 columns, sampled from the shipped VAE, slowly changing",
        play=play,
    )
    caption, switch = st.columns([3, 1], vertical_alignment="center")
    glossary.caption(
        "200 digits that nobody wrote: the shipped VAE drew them from codes $z$ that move through its prior "
        "$\\mathcal{N}(0, I)$. Shown are pixel probabilities.",
        into=caption,
    )
    switch.toggle("Moving", value=True, key="living")
with words:
    formulas.nelbo_in_short(SHIPPED.name)
    glossary.markdown(
        "A VAE maps each image $x$ to a short code $z$ and learns to reconstruct the image from it. Its **NELBO** is "
        "an upper bound on $-\\log p(x)$ in nats: a reconstruction term plus the KL of the code. Lower is better."
    )
    st.page_link("pages/train.py", label="**Train**: watch it learn, live", icon=":material/model_training:")
    st.page_link("pages/samples.py", label="**Samples**: see what it draws from its prior", icon=":material/grid_view:")
    st.page_link(
        "pages/bounds.py", label="**Bounds**: see how near its NELBO is to −log p(x)", icon=":material/stairs:"
    )

st.space("medium")
st.header("One family of models", anchor=False)
glossary.markdown(
    "Circles are random variables, filled where they are observed. Solid arrows **generate**, dashed arrows "
    "**infer**. x is the image, z its code, y its label, c the component of the prior."
)
families = list(services.families().values())
per_row = ceil(len(families) / ceil(len(families) / MOST_IN_A_ROW))
for first in range(0, len(families), per_row):
    for column, family in zip(st.columns(per_row, gap="medium"), families[first : first + per_row], strict=False):
        with column:
            graphical_models.draw(family)
            title = family.title.replace("beta", "β")
            glossary.markdown(f"**{title}**  \n{family.sentence}")
            name, preset = door(family), family.default_preset.name
            st.page_link(
                f"pages/{name.lower()}.py",
                label=f"Explore: {name}",
                icon=":material/arrow_forward:",
                query_params=link(name.lower(), checkpoint=model_ref("shipped", preset).label)
                if preset in pretrained_names() and name != "Beta"  # which has all of its sweep
                else {},
            )
            st.page_link(
                "pages/train.py",
                label=f"Train the {title}",
                icon=":material/arrow_forward:",
                query_params=link("train", preset=preset),
            )

st.space("medium")
st.header("The homework's numbers, reproduced", anchor=False)
glossary.markdown(
    "Stanford CS236's second homework asks for these. The shipped VAE was trained by this app, 20,000 steps on the "
    "full MNIST, and measured by the same code that measures yours."
)
numbers.preset_table(SHIPPED.name)
seed_dots(SHIPPED.name)

st.space("medium")
st.header("Every family's numbers", anchor=False)
glossary.markdown("A model of each family ships. NELBOs of different images cannot be compared.")
by_data: dict[str, dict[str, str]] = {}
for family in families:
    if (preset := family.default_preset.name) in pretrained_names():
        of_these_images = by_data.setdefault(whole(model_ref("shipped", preset).data).name, {})
        of_these_images[preset] = family.title.replace("beta", "β")
for name, titles in by_data.items():
    numbers.models_table(titles)
    if name != SHIPPED_DATA:  # whose protocol stands above
        glossary.caption(whole(name).protocol)
