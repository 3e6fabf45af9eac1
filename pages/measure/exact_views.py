"""One image under a model with two latent dimensions: its exact posterior, q(z|x), resampled draws, and the ceiling."""

import math
from typing import TYPE_CHECKING, NamedTuple

import streamlit as st

from pages.choose.evaluation_images import held_out, name_of
from pages.draw import charts, figures
from pages.draw.palette import BOUND, KL_Z, NELBO, REFERENCE, swatch
from pages.kit import glossary, services
from pages.kit.tables import table
from training.checkpoints.model_ref import ModelRef
from training.data.registry import at_hand
from training.system.number_format import plus_minus, signed

if TYPE_CHECKING:
    import plotly.graph_objects as go
    from torch import Tensor

    from models.contract import Gaussian
    from training.checkpoints.reading import Checkpoint
    from training.evaluation.exact_posterior import ExactPosterior

__all__ = ["Ground", "bound_chart", "fits", "ground", "identity_table", "posterior_chart", "shown_image"]

POOL = 20_000  # draws of q, of which all dots and bounds are made
DOTS = 400
HEIGHT, BOUND_HEIGHT = 480, 220
BOUNDS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
SEEN = 7.0  # nats below the peak of p(z|x), where a shade can still be seen
SHADES = {False: [[0, "#ffffff"], [1, "#64748b"]], True: [[0, "#10131b"], [1, "#cbd5e1"]]}


class Ground(NamedTuple):
    """What is known of one image.

    Attributes:
        exact: log p(x) and p(z|x).
        q, elbo, kl: the encoder's q(z|x), its ELBO, and KL(q(z|x) || p(z|x)), in nats.
        z, log_weights: draws of q(z|x), (n, 2) and (n,).
    """

    exact: "ExactPosterior"
    q: "Gaussian"
    elbo: float
    kl: float
    z: "Tensor"
    log_weights: "Tensor"


def fits(ref: ModelRef) -> bool:
    """Whether the page can show a model: its z has two dimensions, and its q(z|x) is a Gaussian."""
    if ref.origin != "upload" and ref.latent_dimensions != 2:
        return False
    from training.evaluation.exact_posterior import is_exact

    return is_exact(services.checkpoint(ref).model)


@st.cache_resource(max_entries=64, show_spinner=False, hash_funcs=services.BY_WEIGHTS)
def ground(source: "Checkpoint", position: int) -> Ground:
    """The exact numbers of one held-out image, by its position."""
    from models.contract import Gaussian
    from training.evaluation.exact_posterior import draw, elbo_by_quadrature, exact_posterior, kl_to_posterior
    from training.latent.encoding import encode

    x = held_out(source.data).images[position]
    exact = exact_posterior(source.model, x)
    codes = encode(source.model, x.unsqueeze(0))
    q = Gaussian(codes.mean[0], codes.variance[0])
    z, log_weights = draw(source.model, x, POOL)
    elbo, kl = elbo_by_quadrature(source.model, x, q), kl_to_posterior(exact, q)
    return Ground(exact, q, elbo, kl, z, log_weights)


@st.cache_resource(max_entries=64, show_spinner="Fitting a Gaussian to this image", hash_funcs=services.BY_WEIGHTS)
def _fitted(source: "Checkpoint", position: int) -> "tuple[Gaussian, float, float]":
    """The best diagonal Gaussian, its ELBO, and its KL to p(z|x)."""
    from training.evaluation.exact_posterior import best_gaussian, elbo_by_quadrature, kl_to_posterior

    x = held_out(source.data).images[position]
    q = best_gaussian(source.model, x)
    return q, elbo_by_quadrature(source.model, x, q), kl_to_posterior(ground(source, position).exact, q)


def shown_image(source: "Checkpoint", position: int) -> None:
    """The image itself, small."""
    from training.pictures import grids as pictures

    image = held_out(source.data).images[position].unsqueeze(0)
    with st.container(width=150):
        figures.picture(
            pictures.png_bytes(pictures.grid(pictures.to_uint8(image), columns=1)),
            key="exact-image",
            alt=f"The held-out {at_hand(source.data).noun} {name_of(source.data, position)}, binarised",
        )


def posterior_chart(source: "Checkpoint", position: int, m: int | None, *, best: bool) -> None:
    """p(z|x) as shades, q(z|x) as ellipses, and, where m is given, draws resampled among m."""
    about = ground(source, position)
    fitted = _fitted(source, position)[0] if best else None
    dots = None
    if m is not None:
        from training.evaluation.exact_posterior import resample

        dots = about.z[resample(about.log_weights, m, DOTS)]
    noun = at_hand(source.data).noun
    words = [f"p(z|x) of the {noun} {name_of(source.data, position)} over z_1 and z_2 as shades"]
    words.append(
        "ellipses of one and two standard deviations of q(z|x) at "
        + ", ".join(f"{mean:.2f} ± {sd:.2f}" for mean, sd in zip(*_moments(about.q), strict=True))
    )
    if fitted is not None:
        words.append("dashed, of the best Gaussian for this image")
    if m is not None:
        words.append(f"{DOTS} draws of q(z|x), each picked by weight among {m:,}")
    st.plotly_chart(
        _figure(about, dots, fitted),
        key="posterior",
        config={"displaylogo": False, "modeBarButtonsToRemove": ["toImage", "autoScale2d", "select2d", "lasso2d"]},
        alt="; ".join(words),
    )


def _moments(q: "Gaussian") -> tuple[list[float], list[float]]:
    return q.mean.tolist(), q.variance.sqrt().tolist()


def _figure(about: Ground, dots: "Tensor | None", fitted: "Gaussian | None") -> "go.Figure":
    import plotly.graph_objects as go

    dark = st.context.theme.type == "dark"
    figure = go.Figure()
    figure.add_heatmap(
        x=about.exact.axes[0].numpy(),
        y=about.exact.axes[1].numpy(),
        z=about.exact.log_density.exp().T.float().numpy(),
        colorscale=SHADES[dark],
        zsmooth="best",
        showscale=False,
        hovertemplate="z₁ %{x:.2f}, z₂ %{y:.2f}<br>p(z|x) %{z:.3g}<extra></extra>",
    )
    if dots is not None:
        figure.add_scatter(
            x=dots[:, 0].tolist(),
            y=dots[:, 1].tolist(),
            mode="markers",
            name="resampled draws",
            marker={"color": BOUND.color, "size": 5, "opacity": 0.7},
            hoverinfo="skip",
        )
    for q, name, color, dash in (
        (about.q, "q(z|x)", NELBO.color, "solid"),
        (fitted, "best Gaussian", KL_Z.color, "dash"),
    ):
        if q is not None:
            x, y = _ellipses(q)
            line = {"color": color, "width": 2.5, "dash": dash}
            figure.add_scatter(x=x, y=y, mode="lines", name=name, line=line, hoverinfo="skip")
    across, up = _ranges(about, [q for q in (about.q, fitted) if q is not None])
    figure.update_layout(
        height=HEIGHT,
        margin={"l": 0, "r": 0, "t": 30, "b": 0},
        xaxis={"title": "z₁", "zeroline": False, "showgrid": False, "range": across},
        yaxis={"title": "z₂", "zeroline": False, "showgrid": False, "range": up},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"},
    )
    return figure


def _ranges(about: Ground, shown: "list[Gaussian]") -> list[tuple[float, float]]:
    """Where there is something to see in z_1 and in z_2: nearly all of p(z|x), three deviations of each q."""
    there = (about.exact.log_density > about.exact.log_density.max() - SEEN).nonzero()
    found = []
    for dimension, axis in enumerate(about.exact.axes):
        ends = [float(axis[there[:, dimension].min()]), float(axis[there[:, dimension].max()])]
        for q in shown:
            ends += [float(q.mean[dimension]) + side * 3 * float(q.variance[dimension].sqrt()) for side in (-1, 1)]
        margin = 0.05 * (max(ends) - min(ends))
        found.append((max(min(ends) - margin, float(axis[0])), min(max(ends) + margin, float(axis[-1]))))
    return found


def _ellipses(q: "Gaussian") -> tuple[list[float | None], list[float | None]]:
    """One and two standard deviations, a line each, apart by a None."""
    (x, y), (across, up) = _moments(q)
    angles = [2 * math.pi * step / 72 for step in range(73)]
    xs: list[float | None] = []
    ys: list[float | None] = []
    for deviations in (1, 2):
        xs += [*(x + deviations * across * math.cos(angle) for angle in angles), None]
        ys += [*(y + deviations * up * math.sin(angle) for angle in angles), None]
    return xs, ys


def _bounds(log_weights: "Tensor") -> dict[int, tuple[float, float]]:
    """Estimates of L_m from groups of m draws, each with its standard error, in nats."""
    found = {}
    for m in BOUNDS:
        groups = log_weights[: len(log_weights) // m * m].reshape(-1, m).logsumexp(1) - math.log(m)
        found[m] = (float(groups.mean()), float(groups.std()) / math.sqrt(len(groups)))
    return found


def bound_chart(source: "Checkpoint", position: int, m: int) -> None:
    """L_m over m below its ceiling log p(x)."""
    about = ground(source, position)
    bounds, ceiling = _bounds(about.log_weights), about.exact.log_evidence
    rows = [{"m": count, "bound": value, "chosen": count == m} for count, (value, _) in bounds.items()]
    low = min(value for value, _ in bounds.values())
    margin = max(ceiling - low, 0.1) * 0.1
    y = {
        "field": "bound",
        "type": "quantitative",
        "title": "nats",
        "scale": {"domain": [low - margin, ceiling + margin], "zero": False},
        "axis": {"format": ",.6~g"},
    }
    x = {"field": "m", "type": "quantitative", "scale": {"type": "log"}, "title": "samples m", "axis": {"format": ",d"}}
    dot = {"condition": {"test": "datum.chosen", "value": 160}, "value": 40}
    charts.vega(
        {
            "height": BOUND_HEIGHT,
            "layer": [
                {
                    "data": {"values": [{"y": ceiling}]},
                    "mark": {"type": "rule", "color": REFERENCE.color, "strokeWidth": 2, "aria": False},
                    "encoding": {"y": {"field": "y", "type": "quantitative"}},
                },
                {
                    "data": {"values": [{"y": ceiling, "text": f"log p(x) = {signed(ceiling)}"}]},
                    "mark": {"type": "text", "align": "left", "dx": 6, "dy": -8, "x": 0, "color": REFERENCE.color},
                    "encoding": {"y": {"field": "y", "type": "quantitative"}, "text": {"field": "text"}},
                },
                {
                    "data": {"values": rows},
                    "mark": {"type": "line", "color": BOUND.color, "aria": False},
                    "encoding": {"x": x, "y": y},
                },
                {
                    "data": {"values": rows},
                    "mark": {"type": "point", "filled": True, "color": BOUND.color, "opacity": 1, "aria": False},
                    "encoding": {"x": x, "y": y, "size": dot},
                },
            ],
        },
        key="bounds",
        alt=f"IWAE bounds over m below log p(x) = {signed(ceiling)}: "
        + ", ".join(f"{signed(value)} at m = {count:,}" for count, (value, _) in bounds.items()),
    )
    value, error = bounds[m]
    glossary.caption(
        f"$\\mathcal{{L}}_{{{m}}}$ = {signed(value)} {plus_minus(error)} nats, {signed(ceiling - value)} below "
        f"log p(x); ± is the Monte-Carlo standard error over {POOL // m:,} "
        + (f"groups of {m:,} draws." if m > 1 else "draws.")
    )


def identity_table(source: "Checkpoint", position: int, *, best: bool) -> None:
    """ELBO + KL = log p(x), for the encoder's q(z|x) and, if asked, for the best Gaussian."""
    about = ground(source, position)
    lines = [_line("$q(z\\mid x)$ of the encoder", about.elbo, about.kl, about.exact)]
    fitted = _fitted(source, position) if best else None
    if fitted is not None:
        lines.append(_line("best Gaussian for this image", *fitted[1:], about.exact))
    table(["", "ELBO", swatch(KL_Z, "KL"), "sum", "$\\log p(x)$", "difference"], lines)
    glossary.caption(
        f"Nats. log p(x) is exact to {about.exact.error:.0e}: the change from twice the grid's spacing, and all that "
        "lies outside the grid."
    )
    if fitted is not None:
        _, elbo, kl = fitted
        st.markdown(
            f"**Amortisation gap {signed(elbo - about.elbo)} nats**: what one network for all images gives up on this "
            f"one. **Approximation gap {signed(kl)} nats**: what no diagonal Gaussian can reach."
        )


def _line(name: str, elbo: float, kl: float, exact: "ExactPosterior") -> list[str]:
    total = elbo + kl
    return [
        name,
        signed(elbo, ",.4f"),
        signed(kl, ",.4f"),
        signed(total, ",.4f"),
        signed(exact.log_evidence, ",.4f"),
        signed(total - exact.log_evidence, ".0e"),
    ]
