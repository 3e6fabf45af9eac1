"""ELBO Lab's entry point: page settings and navigation. Start it with `make app` or `streamlit run app.py`.

The server imports this file once, for `app`, and runs it as a script for every visitor.
"""

from base64 import b64encode
from functools import partial
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware
from streamlit.runtime.pages_manager import PagesManager

from pages.classroom.lesson_at_hand import enter_lesson, settle
from pages.classroom.lesson_card import lesson_card
from pages.classroom.page_foot import page_foot
from pages.classroom.projecting import project
from pages.kit.guard import section
from pages.people.entering import enter_page
from pages.people.visitor import visitor
from pages.web.open_browser import open_browser
from pages.web.security_headers import SecurityHeaders
from pages.web.workspace_cookie import WorkspaceCookie
from training.people.viewer import ask_viewer

ICON = b64encode(Path(__file__).with_name("assets").joinpath("favicon.png").read_bytes()).decode()

ask_viewer(visitor)

HOME = partial(st.Page, "pages/home.py", title="Home", icon=":material/home:", default=True)
SAMPLES = partial(
    st.Page,
    "pages/samples.py",
    title="Samples",
    icon=":material/grid_view:",
    help="200 images from the prior of any trained model: what has it learned to draw?",
)
BETA = partial(
    st.Page,
    "pages/beta.py",
    title="Beta",
    icon=":material/tune:",
    help="One slider over eight trainings: what changes when the KL counts more in the loss, or less?",
)
MIXTURE = partial(
    st.Page,
    "pages/mixture.py",
    title="Mixture",
    icon=":material/bubble_chart:",
    help="A learned mixture prior, component by component: what does each draw, and which are never used?",
)
BOUNDS = partial(
    st.Page,
    "pages/bounds.py",
    title="Bounds",
    icon=":material/stairs:",
    help="IWAE bounds of any models: how near do they come to −log p(x), and what does each tenfold of samples add?",
)
EXACT = partial(
    st.Page,
    "pages/exact.py",
    title="Exact",
    icon=":material/target:",
    help="Two latent dimensions: log p(x) and p(z|x) summed on a grid. What do more samples move, and what not?",
)
LABELS = partial(
    st.Page,
    "pages/labels.py",
    title="Labels",
    icon=":material/label:",
    help="A hundred labelled images and sixty thousand without labels: what does each teach, and which mistakes end?",
)
STYLE = partial(
    st.Page,
    "pages/style.py",
    title="Style",
    icon=":material/style:",
    help="House numbers in colour: ten digits in twenty styles, and how well the two come apart.",
)
CLINIC = partial(
    st.Page,
    "pages/clinic.py",
    title="Clinic",
    icon=":material/biotech:",
    help="Your own weights, diagnosed layer by layer and compared with others on the same images and noise.",
)
TRAIN = partial(
    st.Page,
    "pages/train.py",
    title="Train",
    icon=":material/model_training:",
    help="Train a model in the background and watch its NELBO fall and its samples sharpen.",
)
RUNS = partial(
    st.Page,
    "pages/_runs.py",
    title="Runs",
    icon=":material/table_rows:",
    help="Every training in one table; any of them beside each other, step by step: curves, samples, settings.",
)

ELBO = partial(
    st.Page,
    "pages/theory/elbo.py",
    title="ELBO",
    icon=":material/vertical_align_bottom:",
    help="Two derivations of the bound, line by line, each with its number for your digit.",
)

LOG_SUM_EXP = partial(
    st.Page,
    "pages/theory/log_sum_exp.py",
    title="Log-sum-exp",
    icon=":material/functions:",
    help="The log of a mixture's density: why the −log K, and what floats make of the naive form.",
)

IWAE = partial(
    st.Page,
    "pages/theory/iwae.py",
    title="IWAE",
    icon=":material/stacked_line_chart:",
    help="Why more samples tighten the bound: importance sampling, Jensen, the subset argument, limit and rate.",
)

GRADIENTS = partial(
    st.Page,
    "pages/theory/gradients.py",
    title="Gradients",
    icon=":material/trending_up:",
    help="Reparameterisation against the score function: the same mean, and how far each spreads.",
)

CHECK_SHEET = partial(
    st.Page,
    "pages/homework/check_sheet.py",
    title="Check-sheet",
    icon=":material/assignment_turned_in:",
    help="The homework question by question: expected, shipped, yours; and its whole report by one press.",
)

ROOM = partial(
    st.Page,
    "pages/teaching/room.py",
    title="Room",
    icon=":material/groups:",
    help="A class guesses together, by phone and without names; the projector shows the guesses as they come in.",
)

LESSON = partial(
    st.Page,
    "pages/teaching/lesson.py",
    title="Lesson",
    icon=":material/menu_book:",
    help="Pages in order with texts, questions and locked controls: make one, share it by a link, take one.",
)

BOARD = partial(
    st.Page,
    "pages/teaching/board.py",
    title="Board",
    icon=":material/leaderboard:",
    help="The class's published runs on one page: the rate-distortion plane, and the best NELBO for each budget.",
)

SERVER = partial(
    st.Page,
    "pages/teaching/server.py",
    title="Server",
    icon=":material/dns:",
    help="For the teacher: queue, disk and workspaces of this server, and a clean state for the next class.",
)

MIXTURE_KL = partial(
    st.Page,
    "pages/theory/mixture_kl.py",
    title="KL of a mixture",
    icon=":material/call_split:",
    help="The one-sample KL of a mixture prior, and the two parts that the KL is made of.",
)

SUMMED_LABELS = partial(
    st.Page,
    "pages/theory/summed_labels.py",
    title="Labels summed out",
    icon=":material/checklist:",
    help="The semi-supervised objective: an exact sum over the ten labels, one image at a time.",
)

SOURCE = partial(st.Page, "pages/source.py", title="Source", icon=":material/code:", visibility="hidden")

PAGES = [
    HOME,
    SAMPLES,
    BETA,
    MIXTURE,
    BOUNDS,
    EXACT,
    LABELS,
    STYLE,
    CLINIC,
    TRAIN,
    RUNS,
    CHECK_SHEET,
    SOURCE,
]
CLASS = [
    ROOM,
    LESSON,
    BOARD,
    SERVER,
]
THEORY = [
    ELBO,
    LOG_SUM_EXP,
    IWAE,
    GRADIENTS,
    MIXTURE_KL,
    SUMMED_LABELS,
]

if __name__ == "app":
    PagesManager.uses_pages_directory = False  # the first visitor's link to a page in a folder would not be found
    guards = [Middleware(SecurityHeaders), Middleware(WorkspaceCookie)]
    app = st.App(Path(__file__), middleware=guards, lifespan=open_browser)
else:
    st.set_page_config(page_title="ELBO Lab", page_icon=f"data:image/png;base64,{ICON}", layout="wide")
    menu = {"": PAGES, "Theory": THEORY, "Class": CLASS}
    page = st.navigation({group: [each() for each in pages] for group, pages in menu.items()}, position="top")
    st.set_page_config(page_title="ELBO Lab" if page.title == "Home" else f"{page.title} · ELBO Lab")
    with section(page.title):
        name = page.url_path or "home"
        enter_page()
        project(name)
        enter_lesson(name)
        lesson_card(name)
        st.session_state["entered"] = True  # pages/kit/frame.py says why
        page.run()
        settle()
        page_foot(name)
