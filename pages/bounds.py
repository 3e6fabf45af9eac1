"""Bounds: the IWAE bounds of any models, what each tenfold of samples closes, and the weights that explain it."""

import streamlit as st

from pages.choose.guess import guess_first
from pages.choose.pickers import data_asked, pick_models
from pages.choose.seed import pick_seed
from pages.draw.palette import MODELS
from pages.kit import formulas, frame, glossary, services
from pages.kit.address import page_key
from pages.kit.guard import section
from pages.kit.texts import page_text
from pages.measure import numbers
from pages.measure.importance_weights import GUESSES, importance_weights
from pages.measure.known_bounds import known_bounds, measure_missing
from pages.measure.ladder import gains_table, ladder_chart, proof
from pages.measure.measuring import label_of, set_names
from pages.measure.seen_notes import seen_notes
from training.checkpoints.model_ref import ModelRef, model_ref
from training.data.registry import data_set_or_first, default_data_set, same_images, whole
from training.release.published import REFERENCE_SET, models_with_bounds
from training.system.errors import UserError

BOUNDS = (1, 10, 100, 1000)
DEEP = 5000
AT_FIRST = models_with_bounds()

frame.mend_link("pages/bounds.py")
frame.header(
    "Bounds", "How near does a bound come to −log p(x), and why do more samples help?", data=data_asked("models")
)
picture, controls = st.columns([2.4, 1], gap="large")
with controls:
    chosen = pick_models(AT_FIRST)
    data = whole(data_set_or_first(chosen[0].data).name) if chosen else default_data_set("binary")
    others = [ref for ref in chosen if not same_images(data_set_or_first(ref.data).name, data.name)]
    chosen = [ref for ref in chosen if ref not in others]
    if others:
        names = ", ".join(frame.plain(ref.label) for ref in others)
        st.info(
            f"Left out, for they are of other images than {frame.plain(chosen[0].label)}: {names}.",
            icon=":material/info:",
        )
    sets = set_names(data.name)
    set_name = st.pills(
        "Measured on",
        sets,
        default=sets[0],
        required=True,
        format_func=label_of,
        key=page_key(
            "set" if data is default_data_set("binary") else f"set-{data.name}"
        ),  # other choices, another widget
        bind="query-params",
        wrap=True,
        help=f"{data.sets_help} Only bounds on one and the same set can be compared.",
    )
    deep = st.toggle(
        "m = 5,000 too",
        key=page_key("deep"),
        bind="query-params",
        help="One bound more: five times the work of m = 1,000.",
    )
    seed = pick_seed("Of all samples z.")
bounds = [*BOUNDS, DEEP] if deep else list(BOUNDS)

models: dict[ModelRef, numbers.Column] = {}
for ref in chosen:
    try:
        known = known_bounds(ref, set_name, seed)
    except UserError as error:
        with controls:
            frame.failure(error)
        continue
    models[ref] = known._replace(bounds={m: value for m, value in known.bounds.items() if m in bounds})
with controls:
    measure_missing(models, set_name, bounds, seed)
    frame.share()
with picture, section("ladder"):
    measured = [known for known in models.values() if known.bounds]
    if measured:
        ladder_chart(list(models.values()), numbers.phrase(set_name), key="ladder")
        gains_table(list(models.values()))
    elif models:
        st.info("These models are not measured on this set yet: press Measure.", icon=":material/straighten:")
    else:
        st.info("Choose one model or more.", icon=":material/arrow_forward:")
    formulas.bound_formula((chosen[0] if chosen else model_ref("shipped", AT_FIRST[0])).family)
    if measured:
        proof(measured[0], MODELS[list(models.values()).index(measured[0])])
    if any(ref.origin == "run" for ref in models):
        with section("losses"):
            formulas.losses({ref.label: services.checkpoint(ref) for ref in models})

if models:
    st.header("Importance weights", anchor=False)
    glossary.markdown(
        "A bound averages importance weights $w = p(x, z)/q(z\\mid x)$ over samples $z \\sim q(z\\mid x)$. Most "
        "samples have a small weight; a few lie where the encoder put little probability, and weigh more than all "
        "others together."
    )
    which, what = st.columns([1, 2.4], gap="large")
    labels = {ref.label: ref for ref in models}
    subject = which.selectbox("Model of the weights", list(labels), key=page_key("of"), bind="query-params")
    digit = what.segmented_control(
        data.noun.capitalize(),
        list(range(len(data.classes))),
        default=min(3, len(data.classes) - 1),
        required=True,
        format_func=data.classes.__getitem__,
        key=page_key("digit"),
        bind="query-params",
    )
    guess = guess_first("how many of 1,000 samples carry half of the weight?", GUESSES, hides="the weights")
    if guess is not None:
        with section("importance weights"):
            importance_weights(services.checkpoint(labels[subject]), subject, digit, seed, guess)

    st.header("Their numbers", anchor=False)
    with section("numbers"):
        published: list[numbers.Column] = []
        if set_name == REFERENCE_SET:
            for name in dict.fromkeys(ref.shipped or ref.family for ref in chosen):
                published += [
                    entry._replace(title=f"{entry.title.split(',')[0]}, {name}")
                    for entry in numbers.published(name)
                    if entry.bounds
                ]
        numbers.numbers_table([*published, *models.values()], bounds, data=data.name)
        seen_notes({ref.label: ref.learned_from for ref in models}, [set_name])

st.space("small")
frame.notes(page_text(__file__))
