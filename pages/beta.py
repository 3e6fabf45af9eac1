"""Beta: how reconstruction and KL change with the weight of the KL in training."""

from dataclasses import asdict

import streamlit as st

from pages.choose.evaluation_images import COUNT, encoded, pick_digit
from pages.choose.guess import guess_first, guessed, show_answer
from pages.choose.pickers import pick_runs
from pages.draw import figures
from pages.draw.strips import strips
from pages.kit import formulas, frame, glossary, services
from pages.kit.address import page_key
from pages.kit.guard import section
from pages.kit.texts import page_text
from pages.latent.reconstructions import reconstructions
from pages.latent.traversals import traversal_strips
from pages.measure import numbers
from pages.measure.known_bounds import known_bounds, measure_missing
from pages.measure.measuring import label_of
from pages.measure.rate_distortion import (
    Point,
    active_units_chart,
    dimension_chart,
    nelbo_chart,
    other_seeds,
    rate_distortion_chart,
)
from pages.measure.seen_notes import seen_notes
from pages.measure.tiles import quantity_tile
from training.checkpoints.model_ref import ModelRef, model_ref
from training.data.registry import data_set
from training.release.cards import beta_sweep, read_card
from training.system.errors import UserError
from training.system.folders import PRETRAINED, pretrained_names

frame.mend_link("pages/beta.py")
frame.header("Beta", "What does a model draw when the KL counts more in its training, or less?")
sweep = beta_sweep([read_card(PRETRAINED / name) for name in pretrained_names()])

samples, plane = st.columns([1.25, 1], gap="large")
with samples:
    place = st.container()
    beta = st.select_slider(
        "β, the KL weight in training",
        list(sweep),
        value=1.0,
        format_func=lambda value: f"{value:g}",
        key=page_key("beta"),
        bind="query-params",
        help="Each is a model of its own, trained on reconstruction + β · KL. At 1 it is the VAE.",
    )
    chosen = model_ref("shipped", sweep[beta].name)
    png = services.first_samples(chosen)
    if png is not None:
        with place:
            figures.picture(png, key="samples", alt=f"200 images from the prior of the model trained at beta {beta:g}")
    family = services.families()[sweep[beta].family]
    formulas.loss_formula(family, family.config.model_validate(sweep[beta].training["model"]))
with plane:
    chart = st.container()
    images = data_set(next(iter(sweep.values())).data)
    set_name = st.pills(
        "Measured on",
        images.measured_by_default,
        default=images.measured_by_default[0],
        required=True,
        format_func=label_of,
        key=page_key("set"),
        bind="query-params",
        help=images.sets_help,
    )
    kin = [name for name, other in services.families().items() if other.images == family.images]
    runs = pick_runs(kin, data=images.name, panel=True)
    points = [Point(f"β = {b:g}", b, card.sets[set_name].kl, card.sets[set_name].rec) for b, card in sweep.items()]
    mine: dict[ModelRef, numbers.Column] = {}
    for run in runs:
        try:
            mine[run] = known_bounds(run, set_name, seed=0)
        except UserError as error:
            frame.failure(error)
    measure_missing(mine, set_name, [], seed=0)
    here = points[list(sweep).index(beta)]
    with chart, section("plane"):
        rate_distortion_chart(
            points,
            here,
            [Point(own.title, None, own.terms["kl"][0], own.terms["rec"][0]) for own in mine.values() if own.terms],
            key="plane",
            nelbo=guessed(),
            seeds=other_seeds({b: card.name for b, card in sweep.items()}, set_name),
        )
        glossary.caption(
            "Each point is one training, its β beside it; the small ones are others with the same β and another seed. "
            "On the solid line lie all pairs with this model's training loss: it falls by β nats a nat of KL. "
            + ("On the dashed one lie all pairs with its NELBO. At β = 1 they agree." if guessed() else "")
        )
        seen_notes({run.label: run.learned_from for run in mine}, [set_name])
        formulas.losses({run.label: services.checkpoint(run) for run in mine})

facts = asdict(sweep[beta].sets[set_name])
*tiles, last = st.columns(4, gap="large")
for tile, name in zip(tiles, ("nelbo", "kl", "rec"), strict=True):
    with tile:
        hidden = name == "nelbo" and not guessed()
        quantity_tile(name, None if hidden else facts[name], numbers.phrase(set_name), family.images)
in_use = last.empty()

drawn, turned = st.columns([1.25, 1], gap="large")
with section("model"):
    model = services.checkpoint(chosen)
    with drawn, section("reconstructions"):
        st.header("Reconstructions", anchor=False)
        reconstructions(model, chosen.title)
    with turned, section("traversals"):
        st.header("One dimension at a time", anchor=False)
        digit = pick_digit(model.data, f"{images.noun.capitalize()} to start from", "digit", "3, no. 1")
        strips(traversal_strips(model, encoded(model), digit))
    found = {b: encoded(services.checkpoint(model_ref("shipped", card.name))) for b, card in sweep.items()}
    used = {b: int(code.active.sum()) for b, code in found.items()}
    dimensions = len(found[beta].active)
    in_use.metric(
        "Dimensions in use",
        f"{used[beta]} of {dimensions}",
        f"by {COUNT:,} {images.plural}",
        delta_color="off",
        delta_arrow="off",
        help="A dimension is in use if its posterior mean varies from image to image, with a variance above 0.01 "
        "(Burda et al. 2016). One that is not has collapsed to the prior: its KL is near 0, and it says "
        "nothing of the image.",
    )
    by_dimension, counts = st.columns(2, gap="large")
    with by_dimension:
        st.header("KL of each dimension", anchor=False)
        dimension_chart(found[beta], key="dimensions")
    with counts:
        st.header("How many dimensions are in use", anchor=False)
        active_units_chart(used, dimensions, beta, key="units")

st.header("Which β is best?", anchor=False)
guess = guess_first(
    "which of these models has the smallest NELBO on held-out images?",
    sweep,
    hides="the curve",
    written=lambda value: f"{value:g}",
)
if guess is not None:
    best = min(points, key=lambda point: point.nelbo)
    show_answer(f"{guess:g}", f"{best.beta:g}", f"the smallest NELBO is that of {best.name}, {best.nelbo:.2f} nats.")
    curve, reason = st.columns([1.6, 1], gap="large", vertical_alignment="center")
    with curve:
        nelbo_chart(points, key="nelbo")
    glossary.markdown(page_text(__file__)["Why"], into=reason)

st.space("small")
frame.share()
frame.notes(page_text(__file__))
