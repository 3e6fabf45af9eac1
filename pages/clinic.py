"""The clinic: anybody's weights, diagnosed layer by layer and compared with others on the same images and noise."""

import streamlit as st

from pages.choose.pickers import choose_also, data_asked, pick_models
from pages.choose.seed import pick_seed
from pages.choose.weight_uploads import newly_uploaded, take_uploads
from pages.compare.comparing import compare_in_background, measured
from pages.compare.comparison_files import downloads
from pages.compare.comparison_views import (
    Compared,
    classifiers,
    latent_usage,
    numbers_of_set,
    same_digits,
    sample_grids,
    sentences,
    shorter,
    swaps,
)
from pages.compare.diagnoses import findings, weights_by_layer
from pages.compare.own_printout import own_printout
from pages.draw.palette import MODELS
from pages.kit import formulas, frame, glossary, services
from pages.kit.address import page_key
from pages.kit.guard import section
from pages.kit.texts import page_text
from pages.measure.seen_notes import seen_notes
from training.data.registry import data_set, same_images
from training.evaluation.spread import Spread
from training.release.published import models_with_bounds
from training.system.errors import UserError

BOUNDS, DEEP = (1, 10, 100), 1000

frame.mend_link("pages/clinic.py", ["reference"])
frame.header(
    "Checkpoint clinic", "What is in these weights, and how do they compare with others?", data=data_asked("models")
)
services.quarantine().start()  # while the visitor looks for the file
choose_also(newly_uploaded())
picture, controls = st.columns([2.4, 1], gap="large")
models: list[Compared] = []
with controls:
    take_uploads()
    chosen = pick_models(models_with_bounds(), every_kind=True)
    titles = shorter(chosen)
    seed = pick_seed("Of all noise: the same for every model.")
    deep = st.toggle(
        "m = 1,000 too",
        key=page_key("deep"),
        bind="query-params",
        help="One more bound of each model: ten times the work.",
    )
    bounds = (*BOUNDS, DEEP) if deep else BOUNDS
    for position, ref in enumerate(chosen):
        try:
            source = services.checkpoint(ref)
        except UserError as error:
            frame.failure(error)
            continue
        pixels, expected = source.config.pixels, data_set(source.data).pixels
        if pixels != expected:
            st.info(
                f"{frame.plain(titles[ref])} takes images of {pixels:,} numbers and not of "
                f"{expected:,}: there is nothing to measure it on.",
                icon=":material/info:",
            )
            continue
        models.append(Compared(ref, titles[ref], MODELS[position], source))
    short = {model.ref.title: model.title for model in models}
    named = st.selectbox(  # by the whole title: a file of the same name does not change it
        "Reference",
        list(short),
        format_func=lambda title: short.get(title, title),
        key=page_key("reference"),
        bind="query-params",
        help="The model that the others are compared with.",
        placeholder="None yet",
    )
    frame.share()

with picture:
    with section("findings"):
        findings()
    if not models:
        st.info("Choose one model or more, or upload a file.", icon=":material/arrow_forward:")
        formulas.nelbo_formula(next(iter(services.families().values())))
        st.stop()
    reference = next(model for model in models if model.ref.title == named)
    kind = reference.source.family.images
    strangers = [model.shown for model in models if not same_images(model.source.data, reference.source.data)]
    models = [model for model in models if model.shown not in strangers]
    if strangers:
        st.info(
            f"Left out, for they are of other images than {reference.shown}: {', '.join(strangers)}.",
            icon=":material/info:",
        )
    grids = st.container()
    st.header("Their numbers", anchor=False)
    complete = compare_in_background([model.source for model in models], seed, bounds)
    models = [model._replace(known=measured(model.source, seed, bounds)) for model in models]
    reference = next(model for model in models if model.ref.title == named)
    sets = list(dict.fromkeys(name for model in models for name in model.known.reports))
    for model in models:
        if model.known.problem:
            st.error(frame.plain(f"{model.title}: {model.known.problem}"), icon=":material/error:")
    said: list[str] = []
    with section("numbers"):
        for name in sets:
            numbers_of_set(models, reference, name)
        said = sentences(models, reference)
        for sentence in sentences(models, reference, written=frame.plain):
            glossary.markdown(f"- {sentence}")
    if sets:
        glossary.caption(
            f"Nats per image. {Spread.NOISE.label} The last column is the mean over the images of each one's "
            "difference to the reference (under the same noise if their codes have one size), with its 95% interval: "
            "images that are hard for both do not blur it. Large sets take fewer passes than `evaluate` does."
        )
        seen_notes({model.title: model.source.learned_from for model in models}, sets)
    if any(model.ref.origin == "run" for model in models):
        with section("losses"):
            formulas.losses({model.title: model.source for model in models})
    with grids, section("samples"):  # drawn last: the numbers are being measured meanwhile
        sample_grids(models, seed)

with section("reconstructions"):
    st.header("Reconstructions of the same images", anchor=False)
    with_differences = st.toggle(
        "Differences from the reference",
        key=page_key("differences"),
        bind="query-params",
        help="Orange where a model draws lighter pixels, blue where darker."
        if kind == "binary"
        else "Grey where both agree.",
    )
    same_digits(models, reference, with_differences)
with section("swaps"):
    swaps(models)
st.header("KL of each latent dimension", anchor=False)
with section("latent usage"):
    latent_usage(models)
with section("classifiers"):
    classifiers(models)
st.header("The weights, layer by layer", anchor=False)
with section("weights"):
    weights_by_layer(models)
if kind == "binary":
    st.header("What did your own code print?", anchor=False)
    with section("printout"):
        own_printout(models)
st.header("Downloads", anchor=False)
with section("downloads"):
    downloads(models, reference, said, seed, complete=complete)

st.space("small")
frame.notes(page_text(__file__))
