"""Rate against distortion, the NELBO over beta, the use of each latent dimension."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import streamlit as st

from pages.draw import charts
from pages.draw.palette import KL_Z, MODELS, NELBO, RECONSTRUCTION, REFERENCE
from training.release.seeds import all_seeds
from training.system.number_format import signed

if TYPE_CHECKING:
    from training.latent.encoding import Encoding

__all__ = ["Point", "active_units_chart", "dimension_chart", "nelbo_chart", "other_seeds", "rate_distortion_chart"]


class Point(NamedTuple):
    """A model on the plane: its name, its beta (None for one that was trained elsewhere), KL and reconstruction."""

    name: str
    beta: float | None
    kl: float
    rec: float

    @property
    def nelbo(self) -> float:
        return self.kl + self.rec


def rate_distortion_chart(
    sweep: Sequence[Point],
    chosen: Point,
    others: Sequence[Point],
    *,
    key: str,
    nelbo: bool = True,
    seeds: Sequence[Point] = (),
) -> None:
    """KL against reconstruction in nats: the sweep as a curve, one of it marked with its two lines, others beside.

    The dashed line joins all pairs of KL and reconstruction with the chosen model's NELBO; the solid one has slope
    -beta, along which its loss stays the same: where training ended, the curve touches it (Alemi et al. 2018, fig. 1).

    Arguments:
        nelbo: show it, in the tooltip and as the dashed line.
        seeds: trainings of the sweep's recipes with other seeds: small dots.
    """
    rows = [{"name": p.name, "label": f"{p.beta:g}", "kl": p.kl, "rec": p.rec, "nelbo": p.nelbo} for p in sweep]
    mine = [
        {"name": p.name, "label": _on_two_lines(p.name), "kl": p.kl, "rec": p.rec, "nelbo": p.nelbo} for p in others
    ]
    every = [*sweep, *others]
    low, high = min(p.kl for p in every), max(p.kl for p in every)
    bottom, top = min(p.rec for p in every), max(p.rec for p in every)
    margin, reach = 0.08 * (top - bottom), high + max(2, 0.12 * (high - low))  # room for the last label
    x = {
        "field": "kl",
        "type": "quantitative",
        "title": "rate: KL, nats per image",
        "scale": {"domain": [max(0.0, low - 2), reach], "nice": False},
        "axis": {"titleColor": KL_Z.color, "grid": False, "tickCount": 6},
    }
    y = {
        "field": "rec",
        "type": "quantitative",
        "title": "distortion: reconstruction, nats per image",
        "scale": {"domain": [bottom - margin, top + margin], "nice": False},
        "axis": {"titleColor": RECONSTRUCTION.color, "grid": False, "tickCount": 6},
    }
    tooltip = [
        {"field": "name", "title": "model"},
        *(
            {"field": name, "title": name.upper(), "format": ".2f"}
            for name in ("kl", "rec", *(["nelbo"] if nelbo else []))
        ),
    ]

    def line(slope: float, **mark: Any) -> dict[str, Any]:
        ends = [{"kl": kl, "rec": chosen.rec - slope * (kl - chosen.kl)} for kl in (max(0.0, low - 2), reach)]
        return {
            "data": {"values": ends},
            "mark": {"type": "line", "clip": True, "strokeWidth": 1.5, **mark},
            "encoding": {"x": x, "y": y},
        }

    def points(values: list[dict[str, Any]], **mark: Any) -> dict[str, Any]:
        return {
            "data": {"values": values},
            "mark": {"type": "point", "filled": True, "opacity": 1, **mark},
            "encoding": {"x": x, "y": y, "tooltip": tooltip},
        }

    def texts(values: list[dict[str, Any]], color: str, **mark: Any) -> dict[str, Any]:
        looks = {"align": "left", "dx": 9, "dy": -8, "fontSize": 13, "color": color, **mark}
        return {
            "data": {"values": values},
            "mark": {"type": "text", **looks},
            "encoding": {"x": x, "y": y, "text": {"field": "label"}},
        }

    on_the_left = {p.name for p in others if p.kl < (low + high) / 2}  # a long name stands where there is room
    marked = [row for row in rows if row["name"] == chosen.name]
    layers = [
        *([line(chosen.beta, color=KL_Z.color)] if chosen.beta is not None else []),
        *([line(1.0, color=NELBO.color, strokeDash=[5, 4])] if nelbo else []),
        {
            "data": {"values": rows},
            "mark": {"type": "line", "color": REFERENCE.color, "strokeWidth": 2, "interpolate": "monotone"},
            "encoding": {"x": x, "y": y, "order": {"field": "kl"}},
        },
        points([p._asdict() | {"nelbo": p.nelbo} for p in seeds], size=16, color=REFERENCE.color),
        points(rows, size=70, color=REFERENCE.color),
        points(marked, size=190, color=NELBO.color),
        points(mine, size=120, shape="diamond", color=MODELS[0]),
        texts(rows, REFERENCE.color),
        texts([row for row in mine if row["name"] in on_the_left], MODELS[0], lineBreak="\n"),
        texts(
            [row for row in mine if row["name"] not in on_the_left],
            MODELS[0],
            lineBreak="\n",
            align="right",
            dx=-9,
        ),
    ]
    summary = "; ".join(f"{p.name} {signed(p.kl)} and {signed(p.rec)}" for p in every)
    with st.container(key=f"chart-{key}"):
        charts.vega(
            {"height": 400, "layer": layers},
            key=key,
            alt=f"Reconstruction falls as KL rises, in nats per image. KL and reconstruction of each: {summary}. "
            f"Marked: {chosen.name}",
        )


def other_seeds(sweep: Mapping[float, str], set_name: str) -> list[Point]:
    """The other trainings of the sweep's recipes, where they were measured.

    Arguments:
        sweep: the shipped models' names by their beta.
    """
    return [
        Point(f"β = {beta:g}, seed {each.seed}", beta, each.sets[set_name].kl, each.sets[set_name].rec)
        for beta, name in sweep.items()
        for each in all_seeds(name)
        if not each.ships and set_name in each.sets
    ]


def _on_two_lines(label: str) -> str:
    """A run, and below it what it changed in its recipe."""
    title, _, changes = label.partition(" (")
    return f"{title}\n{changes.removesuffix(')')}" if changes else title


def nelbo_chart(sweep: Sequence[Point], *, key: str) -> None:
    """NELBO, at beta = 1, over the beta of training."""
    names = {"NELBO": NELBO, "reconstruction": RECONSTRUCTION, "KL": KL_Z}
    rows = [
        {"beta": point.beta, "what": name, "nats": value}
        for point in sweep
        for name, value in zip(names, (point.nelbo, point.rec, point.kl), strict=True)
    ]
    best = min(sweep, key=lambda point: point.nelbo)
    encoding = {
        "x": {
            "field": "beta",
            "type": "quantitative",
            "scale": {"type": "log"},
            "axis": {"values": [point.beta for point in sweep], "format": "~g", "grid": False, "labelOverlap": False},
            "title": "β of the training",
        },
        "y": {"field": "nats", "type": "quantitative", "title": "nats per image"},
        "color": {
            "field": "what",
            "type": "nominal",
            "scale": {"domain": list(names), "range": [quantity.color for quantity in names.values()]},
            "legend": {"orient": "top", "title": None},
        },
        "tooltip": [
            {"field": "what", "title": ""},
            {"field": "beta", "title": "β", "format": "~g"},
            {"field": "nats", "format": ".2f"},
        ],
    }
    with st.container(key=f"chart-{key}"):
        charts.vega(
            rows,
            {
                "height": 320,
                "mark": {"type": "line", "point": {"filled": True, "size": 60}, "strokeWidth": 2.5},
                "encoding": encoding,
            },
            key=key,
            alt=f"NELBO, reconstruction and KL over beta. The NELBO is least at beta {best.beta:g}: {best.nelbo:.2f} "
            "nats; " + ", ".join(f"{point.nelbo:.2f} at {point.beta:g}" for point in sweep),
        )


def dimension_chart(codes: "Encoding", *, key: str) -> None:
    """Mean KL of each latent dimension, the highest first; collapsed ones in grey."""
    kinds = {"in use": KL_Z.color, "collapsed": REFERENCE.color}
    rows = [
        {
            "dimension": f"z{dimension}",
            "nats": float(codes.dimension_kl[dimension]),
            "kind": "in use" if codes.active[dimension] else "collapsed",
        }
        for dimension in codes.by_kl()
    ]
    encoding = {
        "x": {"field": "dimension", "type": "nominal", "sort": None, "title": None, "axis": {"labelAngle": 0}},
        "y": {"field": "nats", "type": "quantitative", "title": "KL, nats", "axis": {"tickCount": 4}},
        "color": {
            "field": "kind",
            "type": "nominal",
            "scale": {"domain": list(kinds), "range": list(kinds.values())},
            "legend": {"orient": "top", "title": None},
        },
        "tooltip": [{"field": "dimension", "title": "dimension"}, {"field": "nats", "title": "KL", "format": ".3f"}],
    }
    summary = ", ".join(f"{row['dimension']} {row['nats']:.2f}" for row in rows)
    with st.container(key=f"chart-{key}"):
        charts.vega(
            rows,
            {"height": 240, "mark": {"type": "bar"}, "encoding": encoding},
            key=key,
            alt=f"KL of each latent dimension in nats: {summary}; {int(codes.active.sum())} in use",
        )


def active_units_chart(active: Mapping[float, int], dimensions: int, chosen: float, *, key: str) -> None:
    """How many latent dimensions are in use at each beta, the chosen one marked."""
    rows = [{"beta": f"{beta:g}", "active": count, "chosen": beta == chosen} for beta, count in active.items()]
    encoding = {
        "x": {"field": "beta", "type": "nominal", "sort": None, "title": "β", "axis": {"labelAngle": 0}},
        "y": {
            "field": "active",
            "type": "quantitative",
            "title": "dimensions in use",
            "scale": {"domain": [0, dimensions]},
            "axis": {"tickCount": 5, "format": "d"},
        },
        "color": {"condition": {"test": "datum.chosen", "value": KL_Z.color}, "value": REFERENCE.color},
        "tooltip": [{"field": "beta", "title": "β"}, {"field": "active", "title": "in use"}],
    }
    summary = ", ".join(f"{count} at {beta:g}" for beta, count in active.items())
    with st.container(key=f"chart-{key}"):
        charts.vega(
            rows,
            {"height": 240, "mark": {"type": "bar"}, "encoding": encoding},
            key=key,
            alt=f"Latent dimensions in use of {dimensions}, by beta: {summary}",
        )
