"""ELBO Lab's entry point: page settings and navigation. Start it with `make app` or `streamlit run app.py`."""

from base64 import b64encode
from pathlib import Path

import streamlit as st

from pages.kit.guard import section

ICON = b64encode(Path(__file__).with_name("assets").joinpath("favicon.png").read_bytes()).decode()

st.session_state["entered"] = True  # pages/kit/frame.py says why
st.set_page_config(page_title="ELBO Lab", page_icon=f"data:image/png;base64,{ICON}", layout="wide")

HOME = st.Page("pages/home.py", title="Home", icon=":material/home:", default=True)
SAMPLES = st.Page(
    "pages/samples.py",
    title="Samples",
    icon=":material/grid_view:",
    help="200 images from the prior of any trained model: what has it learned to draw?",
)
BETA = st.Page(
    "pages/beta.py",
    title="Beta",
    icon=":material/tune:",
    help="One slider over eight trainings: what changes when the KL counts more in the loss, or less?",
)
MIXTURE = st.Page(
    "pages/mixture.py",
    title="Mixture",
    icon=":material/bubble_chart:",
    help="A learned mixture prior, component by component: what does each draw, and which are never used?",
)
BOUNDS = st.Page(
    "pages/bounds.py",
    title="Bounds",
    icon=":material/stairs:",
    help="IWAE bounds of any models: how near do they come to −log p(x), and what does each tenfold of samples add?",
)
LABELS = st.Page(
    "pages/labels.py",
    title="Labels",
    icon=":material/label:",
    help="A hundred labelled images and sixty thousand without labels: what does each teach, and which mistakes end?",
)
STYLE = st.Page(
    "pages/style.py",
    title="Style",
    icon=":material/style:",
    help="House numbers in colour: ten digits in twenty styles, and how well the two come apart.",
)
CLINIC = st.Page(
    "pages/clinic.py",
    title="Clinic",
    icon=":material/biotech:",
    help="Your own weights, diagnosed layer by layer and compared with others on the same images and noise.",
)
TRAIN = st.Page(
    "pages/train.py",
    title="Train",
    icon=":material/model_training:",
    help="Train a model in the background and watch its NELBO fall and its samples sharpen.",
)
RUNS = st.Page(
    "pages/_runs.py",
    title="Runs",
    icon=":material/table_rows:",
    help="Every training in one table; any of them beside each other, step by step: curves, samples, settings.",
)

SOURCE = st.Page("pages/source.py", title="Source", icon=":material/code:", visibility="hidden")

page = st.navigation(
    [
        HOME,
        SAMPLES,
        BETA,
        MIXTURE,
        BOUNDS,
        LABELS,
        STYLE,
        CLINIC,
        TRAIN,
        RUNS,
        SOURCE,
    ],
    position="top",
)
st.set_page_config(page_title="ELBO Lab" if page is HOME else f"{page.title} · ELBO Lab")
with section(page.title):
    page.run()
