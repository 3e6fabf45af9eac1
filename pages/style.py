"""Style and content: a conditional VAE on images in colour, in which y is the digit and z everything else."""

from collections.abc import Callable

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.choose.guess import answer_among, guess_first, show_answer
from pages.choose.photo import Photo, asked_photo, photo_rows
from pages.choose.pickers import pick_model
from pages.choose.seed import pick_seed
from pages.families.style_scores import comparison, known_scores, measure_scores, scores
from pages.families.style_traversals import bank, blended, dimensions, name_of
from pages.families.swap_matrix import LONGEST_NUMBERS, Matrix, image_numbers, matrix, show_matrix
from pages.kit import formulas, frame, glossary, services
from pages.kit.address import page_key
from pages.kit.guard import section
from pages.kit.texts import page_text
from pages.measure.seen_notes import seen_notes
from training.checkpoints.model_ref import ModelRef, model_ref
from training.checkpoints.roles import playing
from training.data.registry import data_set, default_data_set
from training.release.cards import Card, read_card
from training.system.errors import UserError
from training.system.folders import PRETRAINED, pretrained_names

STYLES = 20  # of the picture that ships
FAMILIES = playing("Conditional")
IMAGES = default_data_set("colour")
SOURCES = {"prior": "The prior", "bank": "Test images", "numbers": "By number", "photo": "Your picture"}
GUESSES = {"under 50": 0.5, "50 to 75": 0.75, "75 to 90": 0.9, "over 90": 1.0}


@st.fragment
@section("show_swaps")
def show_swaps(choice: ModelRef, place: DeltaGenerator) -> None:
    """Ask for styles, and draw every digit in them there. A new seed runs this again and nothing else of the page."""
    kind = st.pills(
        "Styles from",
        list(SOURCES),
        default="prior",
        required=True,
        format_func=SOURCES.__getitem__,
        key=page_key("styles"),
        bind="query-params",
        wrap=True,
        help="A style is a code z: drawn from the prior, or the code of an image under its own digit.",
    )
    images, drawn = data_set(choice.data), kind in ("prior", "bank")
    seed = pick_seed("Which 20 styles are taken, from the prior or of the test images.", disabled=not drawn)
    numbers, photo = "", None
    if kind == "numbers":
        numbers = st.text_input(
            f"Numbers of {images.title} test images",
            "3, 14, 15, 92, 65, 35, 89, 79, 32, 38",
            key=page_key("numbers"),
            bind="query-params",
            max_chars=LONGEST_NUMBERS,
            help=f"In the file's order, from 0 to {images.test_images - 1:,}, with commas between them.",
        )
    elif kind == "photo":
        try:
            photo = asked_photo()
        except UserError as error:
            frame.failure(error)
    file: bytes | Callable[[], bytes] | None = None
    with place.container():
        try:
            if kind == "photo":
                file = _draw_photo(choice, photo)
            elif kind == "numbers":
                file = _draw_matrix(choice, image_numbers(numbers, images), 0)
            else:
                file = _draw_matrix(choice, kind, seed)
        except UserError as error:
            frame.failure(error)
    if file is not None:
        st.download_button(
            "Download PNG",
            file,
            f"{choice.title.replace(' ', '-')}-{kind}{f'-seed{seed}' if drawn else ''}.png",
            "image/png",
            icon=":material/download:",
            on_click="ignore",
            width="stretch",
        )


def _draw_photo(choice: ModelRef, photo: Photo | None) -> bytes | None:
    if photo is None:
        st.info("Upload a picture: a house number, a sign, a digit that you wrote.", icon=":material/upload:")
        return None
    return photo_rows(services.checkpoint(choice), photo)


def _draw_matrix(choice: ModelRef, asked: str, seed: int) -> Callable[[], bytes]:
    first = services.first_samples(choice) if (asked, seed) == ("prior", 0) else None
    if first is None:
        shown = matrix(services.checkpoint(choice), asked, seed)
    else:
        shown = Matrix(first, STYLES, {})
    show_matrix(shown, choice.label)
    return shown.png


def shipped_by_content() -> list[str]:
    """The shipped models, first the one with the highest content accuracy."""
    cards = [
        read_card(PRETRAINED / ref.name)
        for ref in (model_ref("shipped", name) for name in pretrained_names())
        if ref.family in FAMILIES
    ]
    return [card.name for card in sorted(cards, key=content, reverse=True)]


def content(card: Card) -> float:
    return (card.disentanglement or {}).get("content_accuracy") or 0.0


frame.mend_link("pages/style.py")
frame.header("Style and content", "What in a picture is the digit, and what is everything else?", data=IMAGES)
picture, controls = st.columns([2.4, 1], gap="large")
with controls:
    shipped = shipped_by_content()
    choice = pick_model(FAMILIES, default=model_ref("shipped", shipped[0]).title if shipped else "")
if choice is None:
    with picture:
        st.info(
            f"There is no model that takes the digit yet: train one first, which needs {IMAGES.title} on disk.",
            icon=":material/model_training:",
        )
        formulas.nelbo_formula(services.families()[FAMILIES[0]])
    st.stop()
with controls:
    show_swaps(choice, picture.empty())
    frame.share()
with picture:
    formulas.nelbo_formula(services.families()[choice.family])
    with section("loss"):
        formulas.losses({choice.label: services.checkpoint(choice)})

text = page_text(__file__)
with section("model"):
    source = services.checkpoint(choice)
    st.header("How well are they kept apart?", anchor=False)
    guess = guess_first(
        "of a hundred swapped pictures, in how many does a classifier predict the wanted digit?",
        GUESSES,
        hides="the scores",
    )
    found = known_scores(source, choice.shipped)
    if guess is not None and found is None:
        measure_scores(source)
    elif guess is not None and found is not None:
        accuracy = found.get("content_accuracy")
        if accuracy is not None:
            show_answer(guess, answer_among(GUESSES, accuracy), f"{accuracy:.1%}.")
        scores(found)
        seen_notes({choice.label: choice.learned_from}, data_set(choice.data).measured_by_default[-1:])
        both = shipped
        if len(both) > 1:
            comparison(both)
    glossary.markdown(text["Why"])
    stored = bank(source)
    if stored is None:
        st.info(
            f"Styles of real images need a style bank beside the weights, or {data_set(choice.data).title} on disk.",
            icon=":material/database:",
        )
    else:
        st.header("Two pictures, styles exchanged", anchor=False)
        names = {name_of(stored, position): position for position in range(len(stored.digits))}
        left, right = st.columns(2, gap="large")
        one = left.selectbox("Picture A", list(names), len(names) // 5, key=page_key("a"), bind="query-params")
        other = right.selectbox("Picture B", list(names), len(names) // 2, key=page_key("b"), bind="query-params")
        if one == other:
            st.info("Pictures A and B are the same one: choose another to see styles change.", icon=":material/info:")
        with section("exchanged styles"):
            blended(source, stored, names[one], names[other], "blend")
        st.header("One dimension of the style at a time", anchor=False)
        under = st.segmented_control(
            "Digit", list(range(10)), default=3, required=True, key=page_key("under"), bind="query-params"
        )
        with section("dimensions of the style"):
            dimensions(source, stored, names[one], under)
        glossary.caption(f"Each row starts from the style of picture A ({one}) and changes one dimension from −3 to 3.")

st.space("small")
frame.notes(text)
