"""One image, held-out or drawn: its reconstruction, its posterior beside the prior, and where its NELBO comes from."""

from typing import TYPE_CHECKING, Any, NamedTuple

import streamlit as st

from pages.choose.asked_digit import asked_digit
from pages.draw import charts, figures
from pages.draw.palette import KL_Z, REFERENCE, swatch
from pages.kit import formulas, frame, glossary, services
from pages.kit.guard import section
from pages.kit.terms import in_order, term
from pages.kit.texts import page_text
from training.checkpoints.roles import playing
from training.data.registry import at_hand
from training.evaluation.spread import Spread
from training.system.number_format import plus_minus, signed

if TYPE_CHECKING:
    from torch import Tensor

    from training.checkpoints.reading import Checkpoint
    from training.latent.encoding import Encoding, Share

__all__ = ["one_digit"]

PASSES = 100
MOST = 20  # dimensions shown
ROW = 22  # pixels
MARGIN = 50  # for the axis below


@st.fragment
@section("one_digit")
def one_digit(source: "Checkpoint") -> None:
    """The image, its reconstruction, its posterior and the terms of its NELBO."""
    picture, controls = st.columns([2.4, 1], gap="large")
    with controls:
        digit = asked_digit(source.data, "7, no. 2", key="digit")
    if digit is None:
        picture.info(f"Draw a {at_hand(source.data).noun} in the field.", icon=":material/draw:")
        return
    image, codes, reconstruction, terms, kl = _taken_apart(source, digit.grey.tobytes())
    summary = ", ".join(f"{term(name).label} {signed(value.mean)}" for name, value in terms.items())
    with picture:
        shown, drawn, numbers = st.columns([1, 1, 1.2], gap="medium", vertical_alignment="center")
        with shown:
            figures.picture(
                image,
                key="digit",
                alt=f"{digit.name[0].upper()}{digit.name[1:]}, binarised",
                caption=f"The {at_hand(source.data).noun}, binarised",
            )
        with drawn:
            figures.picture(
                reconstruction,
                key="reconstruction",
                alt=f"Its reconstruction from the posterior's mean. In nats: {summary}",
                caption="Its reconstruction",
            )
        with numbers:
            _terms(terms)
        _posterior(source, codes.mean[0], codes.variance[0], kl, digit.name)
    formulas.nelbo_formula(source.family)
    frame.notes(page_text(__file__, **at_hand(source.data).words))


class TakenApart(NamedTuple):
    """An image, binarised; its code and its reconstruction; the terms of its NELBO, and each dimension's KL (z,)."""

    image: bytes
    codes: "Encoding"
    reconstruction: bytes
    terms: "dict[str, Share]"
    kl: "Tensor"


@st.cache_resource(max_entries=256, show_spinner=False, hash_funcs=services.BY_WEIGHTS)
def _taken_apart(source: "Checkpoint", grey: bytes) -> TakenApart:
    import torch

    from training.data.homework_sets import binarise_once
    from training.latent.encoding import encode, split_nelbo
    from training.pictures import grids as pictures

    model = source.model
    x = binarise_once(torch.frombuffer(bytearray(grey), dtype=torch.uint8).unsqueeze(0))
    codes = encode(model, x)
    with torch.inference_mode():
        pair = torch.cat([x, model.decode_mean(codes.latents)])
    image, reconstruction = (
        pictures.png_bytes(pictures.grid(tile, columns=1)) for tile in pictures.to_uint8(pair)[:, None]
    )
    return TakenApart(image, codes, reconstruction, *split_nelbo(model, x[0], passes=PASSES))


def _terms(terms: "dict[str, Share]") -> None:
    lines = []
    for name in in_order(terms):
        label = term(name).short or term(name).label
        lines.append(
            f"{swatch(term(name).quantity, label)}  \n{signed(terms[name].mean)} {plus_minus(terms[name].error)} nats"
        )
    st.markdown("\n\n".join(lines))
    glossary.caption(f"Means of {PASSES} draws $z \\sim q(z\\mid x)$; {Spread.NOISE.label}")


def _posterior(source: "Checkpoint", mean: "Tensor", variance: "Tensor", kl: "Tensor", name: str) -> None:
    """Each dimension's posterior beside its prior, two standard deviations to each side, and its KL."""
    prior = source.model.prior_moments()
    order = [int(dimension) for dimension in kl.argsort(descending=True)]
    rows: list[dict[str, Any]] = []
    for dimension in order[:MOST]:
        own, spread = float(mean[dimension]), float(variance[dimension].sqrt())
        middle, width = float(prior[0][dimension]), float(prior[1][dimension].sqrt())
        rows.append(
            {
                "dimension": f"z{dimension}",
                "mean": own,
                "variance": float(variance[dimension]),
                "low": own - 2 * spread,
                "high": own + 2 * spread,
                "prior_low": middle - 2 * width,
                "prior_high": middle + 2 * width,
                "kl": max(float(kl[dimension]), 0.0),
            }
        )
    summary = "; ".join(
        f"{row['dimension']} {signed(row['mean'])}, {row['variance']:.2f}, {row['kl']:.2f}" for row in rows
    )
    kls = ", ".join(f"{row['dimension']} {row['kl']:.2f}" for row in rows)
    names = [row["dimension"] for row in rows]
    left, right = st.columns([1.9, 1], gap="small")
    with left, st.container(key="chart-posterior"):
        charts.vega(
            rows,
            _posterior_spec(names),
            key="posterior",
            alt=f"Posterior mean, variance and KL in nats of each dimension of {name}: {summary}",
        )
    with right, st.container(key="chart-cost"):
        charts.vega(rows, _kl_spec(names), key="cost", alt=f"KL in nats of each dimension of {name}: {kls}")
    rest = [float(kl[dimension]) for dimension in order[MOST:]]
    others = f" {len(rest)} more dimensions have {sum(rest):.2f} nats together." if rest else ""
    glossary.caption(
        f"Left, two standard deviations to each side: {swatch(REFERENCE, 'the prior')}, "
        f"{swatch(KL_Z, 'the posterior')}. Right: the KL of each dimension.{others}"
    )
    if source.family.name in playing("Mixture"):
        glossary.caption(
            "A mixture's dimensions depend on each other: each is compared with its own share of the prior, and these "
            "parts do not sum to the KL."
        )


def _frame_of(dimensions: list[str]) -> dict[str, Any]:
    """What both charts share: one row for each dimension, in this order."""
    return {
        "height": ROW * len(dimensions) + MARGIN,
        "encoding": {
            "y": {
                "field": "dimension",
                "type": "nominal",
                "sort": dimensions,
                "title": None,
                "axis": {"ticks": False, "labelOverlap": False},
            },
            "tooltip": [
                {"field": "dimension", "title": "dimension"},
                {"field": "mean", "title": "posterior mean", "format": ".2f"},
                {"field": "variance", "title": "posterior variance", "format": ".3f"},
                {"field": "kl", "title": "KL, nats", "format": ".2f"},
            ],
        },
    }


def _posterior_spec(dimensions: list[str]) -> dict[str, Any]:
    def bar(low: str, high: str, color: str, size: float, opacity: float) -> dict[str, Any]:
        return {
            "mark": {"type": "bar", "color": color, "height": size, "opacity": opacity, "cornerRadius": 2},
            "encoding": {"x": {"field": low, "type": "quantitative", "title": "z"}, "x2": {"field": high}},
        }

    point = {
        "mark": {"type": "point", "filled": True, "color": KL_Z.color, "size": 70, "opacity": 1},
        "encoding": {"x": {"field": "mean", "type": "quantitative"}},
    }
    bars = [
        bar("prior_low", "prior_high", REFERENCE.color, 16, 0.25),
        bar("low", "high", KL_Z.color, 6, 0.8),
    ]
    return _frame_of(dimensions) | {"layer": [*bars, point]}


def _kl_spec(dimensions: list[str]) -> dict[str, Any]:
    shared = _frame_of(dimensions)
    x = {"field": "kl", "type": "quantitative", "title": "KL, nats"}
    mark = {"type": "bar", "color": KL_Z.color, "height": 12}
    return shared | {"mark": mark, "encoding": shared["encoding"] | {"x": x}}
