"""Labels: what a hundred labels teach an SSVAE, and what images without labels add."""

from typing import Any

import streamlit as st

from pages.choose.asked_digit import asked_digit
from pages.choose.guess import answer_among, guess_first, show_answer
from pages.choose.pickers import data_asked, pick_model, pick_runs
from pages.choose.seed import pick_seed
from pages.draw.palette import ACCURACY, MODELS, marked, swatch
from pages.families.label_views import (
    analogies,
    analogies_of_digit,
    confusion_chart,
    first_analogies,
    label_bars,
    label_points_chart,
    labelled_digits,
    predictions,
    rescued,
)
from pages.kit import formulas, frame, glossary, services
from pages.kit.guard import section
from pages.kit.texts import page_text
from pages.measure.seen_notes import seen_notes
from training.checkpoints.model_ref import ModelRef, model_ref
from training.checkpoints.roles import playing
from training.data.registry import at_hand, data_set_or_first, default_data_set, evaluation_set, whole
from training.data.seen import NOT_KNOWN
from training.release.cards import read_card
from training.release.label_points import read_label_points
from training.system.folders import PRETRAINED, pretrained_names

FAMILIES = playing("Classifier")
GUESSES = {"below 60": 60, "60 to 70": 70, "70 to 80": 80, "80 to 90": 90, "above 90": 100}


def supervised_alone() -> str:
    """Title of the shipped model that learned from the labelled digits alone."""
    for ref in (model_ref("shipped", name) for name in pretrained_names()):
        if ref.family in FAMILIES and not read_card(PRETRAINED / ref.name).training["model"]["gen_weight"]:
            return ref.title
    return ""


frame.mend_link("pages/labels.py")
frame.header(
    "Labels",
    "What do a hundred labels teach, and what do sixty thousand images without labels add?",
    data=data_asked("checkpoint"),
)
picture, controls = st.columns([2.4, 1], gap="large")
with controls:
    choice = pick_model(FAMILIES)
    images = data_set_or_first("" if choice is None else choice.data)
    counted_on = evaluation_set(at_hand(images.name).measured_by_default[-1])[1]
    beside = pick_model(FAMILIES, label="Compared with", key="beside", default=supervised_alone(), data=images.name)
    seed = pick_seed("Of the codes z: one seed, one picture.")
labelled = 100
with picture:
    if choice is None or beside is None:
        st.info("There is no model with labels yet: train one first.", icon=":material/model_training:")
        labelled_digits(images.name)
        st.stop()
    with section("analogies"):
        if not (choice.shipped and seed == 0 and first_analogies(choice.shipped)):
            analogies(services.checkpoint(choice), choice.label, seed)
        source = services.checkpoint(choice)
        labelled = services.checkpoint(beside).config.labelled_images
        if choice.learned_from == NOT_KNOWN:
            formulas.nelbo_formula(source.family)
        formulas.losses({ref.label: services.checkpoint(ref) for ref in (choice, beside)})
text = page_text(__file__, labelled=f"{labelled:,}", **images.words)
with controls:
    glossary.markdown(text["What y and z say"])
    frame.share()


@st.fragment
@section("one_digit")
def one_digit(choice: ModelRef, beside: ModelRef) -> None:
    """A held-out or drawn image, classified by both models, and its code under every label."""
    place, answer = st.columns([1, 2.4], gap="large")
    with place:
        digit = asked_digit(choice.data, "4, no. 1")
    with answer:
        if digit is None:
            st.info(f"Draw a {images.noun} in the field.", icon=":material/draw:")
            return
        sources = {ref.label: services.checkpoint(ref) for ref in (choice, beside)}
        label_bars(sources, digit.grey, digit.name)
        analogies_of_digit(sources[choice.label], digit.grey, digit.name)


st.header(f"The labelled {images.plural}", anchor=False)
shown, asked = st.columns([1, 1.6], gap="large")
with shown:
    labelled_digits(images.name, labelled)
with asked:
    glossary.markdown(text["The labelled images"])
    guess = guess_first(
        f"how many of a hundred new {images.plural} does it predict right?", GUESSES, hides="both models' predictions"
    )
with section("predictions"):
    if guess is not None:
        models = {ref.label: predictions(services.checkpoint(ref)) for ref in (beside, choice)}
        found = 100 * models[beside.label].accuracy
        with asked:
            show_answer(
                guess,
                answer_among(GUESSES, found),
                f"{frame.plain(beside.label)} predicts {found:.1f} of a hundred right.",
            )
            for tile, (name, model) in zip(st.columns(2), models.items(), strict=False):
                tile.metric(
                    swatch(ACCURACY),
                    f"{model.accuracy:.2%}",
                    name,
                    delta_color="off",
                    delta_arrow="off",
                )
            count = len(models[beside.label].labels)
            st.caption(f"Counted on {count:,} test {images.plural}, fed grey.")
            for ref in dict.fromkeys((beside, choice)):
                if ref.shipped and (selection := read_card(PRETRAINED / ref.shipped).selection):
                    st.caption(f"{frame.plain(ref.label)}: {selection}.")
            seen_notes({ref.label: ref.learned_from for ref in (beside, choice)}, [counted_on.name])
        st.header("What each predicts", anchor=False)
        for column, key, color, (name, model) in zip(
            st.columns(2, gap="large"), ("before", "after"), MODELS[1::-1], models.items(), strict=False
        ):
            with column:
                st.markdown(marked(color, frame.plain(name)))
                confusion_chart(model, name, key=key)
        if len(models) > 1:
            st.header(f"Rescued {images.plural}", anchor=False)
            rescued(models[beside.label], models[choice.label], [beside.label, choice.label])

st.header(f"Ask about one {images.noun}", anchor=False)
one_digit(choice, beside)

st.header("How many labels are enough?", anchor=False)
if guess is None:  # the chart has the answer
    st.info("Make your guess above, and the accuracies will show.", icon=":material/help:")
else:
    with section("numbers of labels"):
        chart, own = st.columns([1.6, 1], gap="large")
        with own:
            glossary.markdown(text["How many labels are enough?"])
            runs: dict[str, Any] = {
                ref.label: services.checkpoint(ref) for ref in pick_runs(FAMILIES, data=images.name)
            }
        with chart:
            label_points_chart(
                read_label_points() if whole(images.name) is default_data_set("binary") else [],
                {name: (source.config.labelled_images, predictions(source).accuracy) for name, source in runs.items()},
                key="points",
            )
            glossary.caption(
                "Lines: shipped points, accuracy on all 10,000 test digits of MNIST after 30,000 steps, one training "
                "each; where a shipped model was chosen among several trainings, its point is the chosen one's. "
                f"Diamonds: your runs, on {counted_on.images:,} test {images.plural}."
            )

st.space("small")
frame.notes(text)
