"""The importance weights of one image: a histogram of its samples, and one of the weight they carry."""

from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.choose.guess import answer_among, show_answer
from pages.draw import charts, figures
from pages.draw.palette import BOUND, NELBO, REFERENCE, swatch
from pages.kit import services
from training.checkpoints.roles import playing
from training.data.registry import at_hand
from training.system.number_format import signed

if TYPE_CHECKING:
    from training.checkpoints.reading import Checkpoint
    from training.evaluation.importance import ImportanceSample

__all__ = ["GUESSES", "importance_weights"]

SAMPLES = 1000
BINS = 40
HEIGHT = 260
GUESSES = {"1 to 5": 5, "6 to 50": 50, "51 to 200": 200, "more": SAMPLES}


def importance_weights(source: "Checkpoint", name: str, digit: int, seed: int, guess: str) -> None:
    """The weights of one held-out image under a model: picture and histogram; answers a guess."""
    with st.spinner(f"Drawing {SAMPLES:,} samples"):
        png, sample = _drawn(source, digit, seed, at_hand(source.data).name)
    about = at_hand(source.data)
    shown_digit = f"{about.noun} {about.classes[digit]}"
    half, ess = sample.carriers(0.5), sample.effective_samples
    show_answer(guess, answer_among(GUESSES, half), f"{_counted(half)} half of the weight.")
    shown, chart = st.columns([1, 3.2], gap="large", vertical_alignment="center")
    with shown:
        figures.picture(
            png,
            key="digit",
            alt=f"The held-out {shown_digit} whose weights are shown, binarised",
        )
        st.caption(f"ESS {ess:.1f} of {SAMPLES:,}")
    with chart:
        summed = source.family.name in playing("Classifier")  # each weight sums the label out
        _histogram(sample, f"{name}, {shown_digit}", half, "$\\mathcal{L}_1$" if summed else "the ELBO")


def _counted(half: int) -> str:
    return "one sample of 1,000 carries" if half == 1 else f"{half:,} samples of 1,000 carry"


@st.cache_data(max_entries=64, show_spinner=False, hash_funcs=services.BY_WEIGHTS)
def _drawn(source: "Checkpoint", digit: int, seed: int, data: str) -> "tuple[bytes, ImportanceSample]":
    from training.data.datasets import load_dataset
    from training.data.homework_sets import binarise_once
    from training.evaluation.importance import draw_importance_sample
    from training.pictures import grids as pictures

    test = load_dataset(data).test
    image = binarise_once(test.images[int((test.labels == digit).int().argmax())].unsqueeze(0))
    png = pictures.png_bytes(pictures.grid(pictures.to_uint8(image), columns=1), digit=digit)
    return png, draw_importance_sample(source.model, image[0], SAMPLES, seed=seed)


def _histogram(sample: "ImportanceSample", title: str, half: int, single: str) -> None:
    """Two histograms over the same bins: the samples, and the weight they carry."""
    names = {"of the samples": REFERENCE.color, "of their weight": BOUND.color}
    rows = []
    for left, right, samples, weight in sample.histogram(BINS):
        for name, share in zip(names, (samples, weight), strict=True):
            rows.append({"left": left, "right": right, "what": name, "share": share})
    color = {
        "field": "what",
        "type": "nominal",
        "scale": {"domain": list(names), "range": list(names.values())},
        "legend": {"orient": "top", "title": None},
    }
    bars = {
        "mark": {"type": "bar", "opacity": 0.75},
        "encoding": {
            "x": {"field": "left", "type": "quantitative", "scale": {"zero": False}, "title": "log w, nats"},
            "x2": {"field": "right"},
            "y": {
                "field": "share",
                "type": "quantitative",
                "stack": None,
                "axis": {"format": ".0%", "tickCount": 4},
                "title": "share",
            },
            "y2": {"datum": 0},
            "color": color,
            "tooltip": [
                {"field": "left", "title": "log w from", "format": ".1f"},
                {"field": "right", "title": "to", "format": ".1f"},
                {"field": "share", "title": "share", "format": ".1%"},
                {"field": "what", "title": ""},
            ],
        },
    }
    lines = [_line(sample.bound(1), NELBO.color), _line(sample.bound(SAMPLES), BOUND.color)]
    with st.container(key="chart-weights"):
        charts.vega(
            rows,
            {"height": HEIGHT, "layer": [bars, *lines]},
            key="weights",
            alt=f"Histogram of 1,000 log-weights, {title}: their mean is {signed(sample.bound(1))}, the bound of all "
            f"1,000 is {signed(sample.bound(SAMPLES))}, and {half} samples carry half of the weight",
        )
    all_of_them = "$\\mathcal{L}_{1000}$"
    st.caption(
        f"The lines: {swatch(NELBO, f'the mean log-weight, {signed(sample.bound(1))}')}, an estimate of {single}; "
        f"{swatch(BOUND, f'the log of the mean weight, {signed(sample.bound(SAMPLES))}')}, one of {all_of_them}."
    )


def _line(value: float, color: str) -> dict[str, Any]:
    return {
        "mark": {"type": "rule", "color": color, "strokeWidth": 3},
        "encoding": {"x": {"datum": value, "type": "quantitative"}},
    }
