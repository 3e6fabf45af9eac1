"""Samples: 200 images from the prior of any trained model."""

import streamlit as st

from pages.choose.pickers import data_asked, pick_model
from pages.choose.seed import pick_seed
from pages.draw import figures
from pages.kit import formulas, frame, services
from pages.kit.address import link, page_key
from pages.kit.guard import section
from pages.kit.texts import page_text
from pages.latent.latent_space import latent_space
from pages.measure import numbers
from pages.measure.measuring import is_bound, measuring
from pages.measure.seed_dots import seed_dots
from training.data.registry import data_set_or_first

KINDS = {"means": "Means", "binary": "Binary"}
SHOWN = {"means": "Bernoulli means", "binary": "binary samples", "colour": "decoder means"}
HELP = {
    "binary": "A mean is the probability of each pixel to be white. A binary sample draws every pixel with this "
    "probability: that is an image under the model.",
    "colour": "Images in colour are shown as decoder means alone. A sample would add the noise of p(x|z, y) to every "
    "colour value.",
}

frame.mend_link("pages/samples.py", **{"measure-bounds": is_bound})
frame.header("Samples", "What does the model draw when it is given no image?", data=data_asked("checkpoint"))
picture, controls = st.columns([2.4, 1], gap="large")
with controls:
    model = pick_model()
    assert model is not None  # a model ships
    images = data_set_or_first(model.data)
    colour = images.images == "colour"
    kind = st.segmented_control(
        "Show",
        list(KINDS),
        default="means",
        required=True,
        format_func=KINDS.__getitem__,
        key=page_key("kind"),
        bind="query-params",
        width="stretch",
        disabled=colour,
        help=HELP[images.images],
    )
    kind = "means" if colour else kind
    seed = pick_seed("The same seed draws the same 200 codes z.")
    temperature = st.slider(
        "Temperature of the prior",
        0.0,
        2.0,
        1.0,
        0.05,
        key=page_key("temperature"),
        bind="query-params",
        help="Multiplies the standard deviation of z. At 1 codes follow the prior. At 0 each is the mean of its "
        "Gaussian: one code for a standard normal prior, one for each component of a mixture.",
    )
temperature = round(temperature, 2)

png, family = None, model.family
with picture, section("samples"):
    untouched = (kind, seed, temperature) == ("means", 0, 1.0)
    png = services.first_samples(model) if untouched else None
    if png is None:
        source = services.checkpoint(model)
        family = source.family.name
        png = services.samples_png(source, kind, seed, temperature)
    figures.picture(
        png,
        key="samples",
        alt=f"200 {images.plural} in 10 rows of 20 from {model.label}: {SHOWN['colour' if colour else kind]}, seed "
        f"{seed}, temperature {temperature}",
    )
    with controls:
        st.download_button(
            "Download PNG",
            png,
            f"{model.title.replace(' ', '-')}-{kind}-seed{seed}-t{temperature:g}.png",
            "image/png",
            icon=":material/download:",
            on_click="ignore",
            width="stretch",
        )
    formulas.sampling_formula(services.families()[family])
    formulas.losses({model.label: services.checkpoint(model)})
with controls:
    frame.share()

st.space("small")
frame.notes(page_text(__file__, f"samples-{images.images}", **images.words))

if png is not None:
    st.space("small")
    st.header("Its numbers", anchor=False)
    with section("numbers"):
        if model.origin == "shipped":
            numbers.preset_table(model.name)
            seed_dots(model.name)
        else:
            measuring(model)
    if colour:
        st.page_link(
            "pages/style.py",
            label="Its latent space is a space of styles: look into it on the page Style.",
            icon=":material/style:",
            query_params=link("style", checkpoint=model.label),
        )
    else:
        formulas.bound_formula(family)
        st.space("small")
        st.header("Its latent space", anchor=False)
        latent_space(model)
