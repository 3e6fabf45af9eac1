"""Exact: log p(x) and p(z|x) of one image, summed on a grid, and what more samples of q(z|x) do and do not move."""

import streamlit as st

from pages.choose.evaluation_images import pick_digit
from pages.choose.guess import guess_first, show_answer
from pages.choose.pickers import data_asked, pick_model
from pages.kit import formulas, frame, glossary, services
from pages.kit.address import page_key
from pages.kit.guard import section
from pages.kit.texts import page_text
from pages.measure.exact_views import bound_chart, fits, ground, identity_table, posterior_chart, shown_image
from training.data.registry import at_hand, data_set_or_first

MANY = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
GUESSES = ("q(z|x)", "p(z|x)", "the resampled dots", "log p(x)")
MOVES = GUESSES[2]

frame.mend_link("pages/exact.py")
frame.header("Exact", "What is log p(x), and what do more samples of q(z|x) move?", data=data_asked("checkpoint"))
picture, controls = st.columns([2.4, 1], gap="large")
with controls:
    model = pick_model(default="shipped vae-z2", fits=fits)
    if model is None:
        st.info("Train a model with z = 2, or upload one: then its posterior is a picture.", icon=":material/info:")
        st.stop()
    noun = at_hand(data_set_or_first(model.data).name).noun
    digit = pick_digit(model.data, f"Held-out {noun}", "digit", "0, no. 13")
    best = st.toggle(
        "Best Gaussian for this one",
        key=page_key("best"),
        bind="query-params",
        help="Leaves the encoder out: mean and variances of a diagonal Gaussian are fitted to this one image until its "
        "ELBO rises no more.",
    )
source = services.checkpoint(model)
with section("exact"):
    about = ground(source, digit)
    with controls:
        shown_image(source, digit)
    with picture:
        guess = guess_first("from m = 1 to m = 1,000 samples, what moves?", GUESSES, hides="samples and bounds")
        m = 1
        if guess is not None:
            with controls:
                m = st.select_slider(
                    "Samples m",
                    MANY,
                    key=page_key("m"),
                    bind="query-params",
                    format_func=lambda count: f"{count:,}",
                    help="Of m draws of q(z|x), each dot is one, picked in proportion to its importance weight.",
                )
            answer = "every dot is one of m draws of the same $q(z\\mid x)$, picked by weight. The network that gives "
            answer += "$q(z\\mid x)$ does not know of m, and $\\log p(x)$ belongs to the model alone."
            show_answer(guess, MOVES, answer)
        posterior_chart(source, digit, m if guess is not None else None, best=best)
        if guess is not None:
            bound_chart(source, digit, m)
    st.header("In numbers", anchor=False)
    glossary.markdown(
        "$\\log p(x) = \\text{ELBO} + \\mathrm{KL}(q(z\\mid x)\\,\\|\\,p(z\\mid x))$: each of the three is computed by "
        "itself, the ELBO by quadrature, the other two by sums over the grid."
    )
    identity_table(source, digit, best=best)
    formulas.bound_formula(model.family)
with controls:
    frame.share()
st.space("small")
frame.notes(page_text(__file__, error=f"{about.exact.error:.0e}"))
