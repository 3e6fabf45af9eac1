"""Mixture: a learned prior of many Gaussians, component by component."""

import streamlit as st

from pages.choose.asked_digit import asked_digit
from pages.choose.guess import answer_among, guess_first, show_answer
from pages.choose.pickers import data_asked, pick_model
from pages.choose.seed import pick_seed
from pages.draw import figures
from pages.families.mixture_views import (
    MOST_ROWS,
    codes_and_means,
    first_rows,
    responsibilities,
    rows_of,
    show_rows,
    usage_chart,
    used,
)
from pages.kit import formulas, frame, glossary, services
from pages.kit.address import page_key
from pages.kit.guard import section
from pages.kit.texts import page_text
from pages.measure import numbers
from pages.measure.known_bounds import known_bounds, measure_missing
from pages.measure.seen_notes import seen_notes
from training.checkpoints.model_ref import model_ref
from training.checkpoints.roles import playing
from training.data.registry import data_set_or_first, whole
from training.system.errors import UserError
from training.system.folders import pretrained_names

FAMILIES = playing("Mixture")
SHOWN = {"most": "Most used", "least": "Least used", "own": "By number"}
ALL_DIGITS = 10_000
GUESSES = {"fewer than 50": 49, "50 to 200": 200, "201 to 400": 400, "more": 10**9}


def numbers_in(text: str) -> list[int]:
    """Up to ten different whole numbers above 0 in a text, in its order; none if it holds anything else."""
    try:
        found = [int(part) for part in text.split(",")]
    except ValueError:
        return []
    return list(dict.fromkeys(found)) if len(found) <= MOST_ROWS and min(found) > 0 else []


frame.mend_link("pages/mixture.py", components=lambda text: bool(numbers_in(text)))
frame.header(
    "Mixture",
    "What does each component of a learned prior stand for, and how many are used?",
    data=data_asked("checkpoint"),
)
picture, controls = st.columns([2.4, 1], gap="large")
with controls:
    choice = pick_model(FAMILIES)
    if choice is None:
        st.info("There is no model with a mixture as its prior yet: train one first.", icon=":material/model_training:")
        st.stop()
    images = data_set_or_first(choice.data)
    shown = st.pills(
        "Components to show",
        list(SHOWN),
        default="most",
        required=True,
        format_func=SHOWN.__getitem__,
        key=page_key("rows"),
        bind="query-params",
        wrap=True,
    )
    own = st.text_input(
        "Their numbers",
        "1, 2, 3",
        key=page_key("components"),
        bind="query-params",
        disabled=shown != "own",
        max_chars=60,
        help=f"Up to {MOST_ROWS} numbers from 1 to the number of components, with commas between them.",
    )
    seed = pick_seed("Of the noise: the same in each row, so that columns can be compared.")


def chosen_components(model: "services.Checkpoint") -> list[int]:
    """Which components to show, counted from 0.

    Raises:
        UserError: numbers were asked for that are none of this model's.
    """
    counts = used(model)
    if shown == "own":
        asked = numbers_in(own)
        if not asked or max(asked) > len(counts):
            raise UserError(f"Name 1 to {MOST_ROWS} components by numbers from 1 to {len(counts)}, such as 1, 2, 3.")
        return [number - 1 for number in asked]
    order = (-counts if shown == "most" else counts).argsort(kind="stable")
    return [int(component) for component in order[:MOST_ROWS]]


with picture:
    with section("components"):
        untouched = choice.shipped and (shown, seed) == ("most", 0)
        rows = first_rows(choice.shipped) if untouched else None
        if rows is None:
            source = services.checkpoint(choice)
            rows = rows_of(source, chosen_components(source), seed)
        show_rows(rows, choice.label)
    formulas.prior_formula(services.families()[choice.family])
    with section("loss"):
        formulas.losses({choice.label: services.checkpoint(choice)})
with controls:
    frame.share()

st.header("How many are used", anchor=False)
guess = guess_first(
    "how many components explain at least one test image better than all the others?", GUESSES, hides="their use"
)
with section("model"):
    source = services.checkpoint(choice)
    if guess is not None:
        counts = used(source)
        alive, components = int((counts > 0).sum()), len(counts)
        dead, digits = components - alive, int(counts.sum())
        rest = f"The other {dead:,} explain none" if dead else "All are used: each explains at least one"
        counted = f"{alive:,} of {components:,}. {rest} of {digits:,} test {images.plural} best."
        show_answer(guess, answer_among(GUESSES, alive), counted)
        if dead and digits < ALL_DIGITS:
            st.caption(
                f"{digits:,} images are few for {components:,} components: with the full data fewer may seem unused."
            )
        usage_chart(counts, key="usage")
        st.header("Where they lie", anchor=False)
        with section("codes and means"):
            codes_and_means(source, key="map")

    st.header(f"Which component made this {images.noun}?", anchor=False)
    glossary.markdown(
        "Given a code $z$, each component made it with a probability, its responsibility "
        "$p(c\\mid z) \\propto \\mathcal{N}(z;\\mu_c,\\Sigma_c)$. Here $z$ is the mean of $q(z\\mid x)$."
    )
    place, answer = st.columns([1, 2.4], gap="large")
    with section("responsibilities"):
        with place:
            digit = asked_digit(source.data)
        with answer:
            if digit is None:
                st.info(f"Draw a {images.noun} in the field.", icon=":material/draw:")
            else:
                responsibilities(source, digit.grey, digit.name)

st.header("What the mixture changes", anchor=False)
of_these_images = [
    ref for ref in (model_ref("shipped", name) for name in pretrained_names()) if whole(ref.data) is whole(images.name)
]
mixtures = [ref for ref in of_these_images if ref.family in FAMILIES]
compared = list(dict.fromkeys((*of_these_images[:1], *mixtures[:1], choice)))
with section("comparison"):
    for column, ref in zip(st.columns(len(compared), gap="large"), compared, strict=True):
        png = services.first_samples(ref)
        if png is None:
            png = services.samples_png(services.checkpoint(ref), "means", 0, 1.0)
        with column:
            figures.picture(
                png,
                key=f"samples-{ref.title}",
                alt=f"200 {images.plural} from the prior of {ref.label}",
                caption=frame.plain(ref.label),
            )
    first_set = whole(images.name).evaluation_sets[0].name
    known = {ref: known_bounds(ref, first_set, 0)._replace(ess={}) for ref in compared}
    numbers.numbers_table(list(known.values()), data=images.name)
    measure_missing(known, first_set, [], 0)
    seen_notes({ref.label: ref.learned_from for ref in compared}, [first_set])

st.space("small")
frame.notes(page_text(__file__, **images.words))
