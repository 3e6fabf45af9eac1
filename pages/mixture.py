"""Mixture: the learned prior of a GMVAE, component by component."""

import streamlit as st

from pages.common import figures, formulas, frame, numbers, services
from pages.common.asked_digit import asked_digit
from pages.common.mixture_views import (
    MOST_ROWS,
    codes_and_means,
    first_rows,
    responsibilities,
    rows_of,
    show_rows,
    usage_chart,
    used,
)
from pages.common.pickers import SHIPPED, checkpoint_path, pick_checkpoint_of
from training.errors import UserError

SHOWN = {"most": "Most used", "least": "Least used", "own": "By number"}
GUESSES = {"fewer than 50": 49, "50 to 200": 200, "201 to 400": 400, "more": 10**9}

frame.mend_link("pages/mixture.py")
frame.header("Mixture", "What does each cluster of a learned prior stand for, and how many are needed?")
picture, controls = st.columns([2.4, 1], gap="large")
with controls:
    choice = pick_checkpoint_of(("gmvae",))
    if choice is None:
        st.info("There is no GMVAE yet: train one first.", icon=":material/model_training:")
        st.stop()
    shown = st.pills(
        "Components to show",
        list(SHOWN),
        default="most",
        required=True,
        format_func=SHOWN.__getitem__,
        key="rows",
        bind="query-params",
        wrap=True,
    )
    own = st.text_input(
        "Their numbers",
        "1, 2, 3",
        key="components",
        bind="query-params",
        disabled=shown != "own",
        max_chars=60,
        help=f"Up to {MOST_ROWS} numbers from 1 to the number of components, with commas between them.",
    )
    seed = st.number_input(
        "Seed",
        0,
        2**32 - 1,
        0,
        key="seed",
        bind="query-params",
        help="Of the noise: the same in each row, so that columns can be compared.",
    )


def chosen_components(model: "services.Checkpoint") -> list[int]:
    """Which components to show, counted from 0.

    Raises:
        UserError: numbers were asked for that are none of this model's.
    """
    counts = used(model)
    if shown == "own":
        try:
            asked = [int(text) - 1 for text in own.split(",")]
        except ValueError:
            asked = []
        if not 0 < len(asked) <= MOST_ROWS or not all(0 <= component < len(counts) for component in asked):
            raise UserError(f"Name 1 to {MOST_ROWS} components by numbers from 1 to {len(counts)}, such as 1, 2, 3.")
        return list(dict.fromkeys(asked))
    order = counts.argsort(kind="stable")
    return [int(component) for component in (order[::-1] if shown == "most" else order)[:MOST_ROWS]]


with picture:
    try:
        untouched = choice.startswith(SHIPPED) and (shown, seed) == ("most", 0)
        rows = first_rows(choice.removeprefix(SHIPPED)) if untouched else None
        if rows is None:
            source = services.checkpoint(checkpoint_path(choice))
            rows = rows_of(source, chosen_components(source), seed)
        show_rows(rows, choice)
    except UserError as error:
        frame.failure(error)
    formulas.mixture_formula()
with controls:
    frame.share()

st.subheader("How many are used", anchor=False)
guess = st.segmented_control(
    "Guess first: how many components explain at least one test digit better than all the others?",
    list(GUESSES),
    key="guess",
    bind="query-params",
)
try:
    source = services.checkpoint(checkpoint_path(choice))
    if guess is None:
        st.info("Make your guess, and their use will show.", icon=":material/help:")
    else:
        counts = used(source)
        alive, components = int((counts > 0).sum()), len(counts)
        right = next(text for text, most in GUESSES.items() if alive <= most)
        verdict = "You guessed it" if guess == right else f"You guessed {guess}"
        st.markdown(
            f"**{verdict}: {alive:,} of {components:,}. The other {components - alive:,} explain none of "
            f"{int(counts.sum()):,} test digits best.**"
        )
        usage_chart(counts, key="usage")
        st.subheader("Where they lie", anchor=False)
        codes_and_means(source, key="map")

    st.subheader("Whose digit is this?", anchor=False)
    st.markdown(
        "Given a code $z$, each component has a share in having made it, its responsibility "
        "$p(c\\mid z) \\propto \\mathcal{N}(z;\\mu_c,\\Sigma_c)$. Here $z$ is the mean of $q(z\\mid x)$."
    )
    place, answer = st.columns([1, 2.4], gap="large")
    with place:
        digit = asked_digit()
    with answer:
        if digit is None:
            st.info("Draw a digit on the left.", icon=":material/draw:")
        else:
            responsibilities(source, digit.grey, digit.name)
except UserError as error:
    frame.failure(error)

st.subheader("What the mixture buys", anchor=False)
for column, name in zip(st.columns(2, gap="large"), ("vae", "gmvae"), strict=True):
    png = services.first_samples(name)
    if png is not None:
        with column:
            figures.picture(
                png, key=f"samples-{name}", alt=f"200 digits from the prior of the shipped {name}", caption=name
            )
numbers.numbers_table(numbers.shipped("vae", ["homework"]) + numbers.shipped("gmvae", ["homework"]))

st.space("small")
frame.notes(
    look="A row is one cluster: nearly one digit in one hand, and its columns vary what a hand varies. No label was "
    "ever shown. Look for rows that mix two digits: where do they lie on the map?",
    attempt="Show the least used components: what do the dead ones draw? Draw a 1, and lean it ever more: which "
    "component takes over, and when?",
    guess="The GMVAE's KL is smaller than the VAE's, and its reconstruction no worse. So its encoder tells more for "
    "less. Where do the saved nats come from? Then compare the two tables' first rows.",
)
