"""A mixture prior: rows of samples, the use of every component, means among codes, responsibilities for one image."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import streamlit as st
from PIL import Image

from pages.choose.evaluation_images import COUNT, encoded, held_out
from pages.draw import charts, figures
from pages.draw.palette import COMPONENTS, DIGITS, REFERENCE
from pages.kit import glossary, services
from training.data.registry import at_hand
from training.system.folders import PRETRAINED

if TYPE_CHECKING:
    import numpy as np

    from training.checkpoints.reading import Checkpoint

__all__ = ["Rows", "codes_and_means", "first_rows", "responsibilities", "rows_of", "show_rows", "usage_chart", "used"]

MOST_ROWS = 10
EACH = 20
SHARES = 8
CROSS = "M-0.7,-0.7L0.7,0.7M-0.7,0.7L0.7,-0.7"  # a path: Vega's own cross is a filled area


class Rows(NamedTuple):
    """A picture with a row of samples for each of some components, and how many test images each explains best.

    Attributes:
        components: counted from 0, with that number of images.
    """

    png: bytes
    components: dict[int, int]
    images: int


def first_rows(name: str) -> Rows | None:
    """The picture that ships with a model: its ten most used components on the full test set, seed 0."""
    file = PRETRAINED / name / "components.png"
    if not file.is_file():
        return None
    counts = _shipped_use(file)
    most = sorted(range(len(counts)), key=lambda component: -counts[component])[:MOST_ROWS]
    return Rows(file.read_bytes(), {component: counts[component] for component in most}, sum(counts))


def _shipped_use(file: Path) -> list[int]:
    """How many of all 10,000 test images each component explains best, as it is written in a model's own picture."""
    with Image.open(file) as picture:  # our own file
        use: str = picture.info["use"]
    return [int(count) for count in use.split(",")]


def used(source: "Checkpoint") -> "np.ndarray":
    """How many test images each component explains best: int64 (k,), with the number of images as their sum.

    Of a shipped model these are all 10,000, of any other all of the data in use.
    """
    return _used(source, at_hand(source.data).name)


@st.cache_data(max_entries=32, show_spinner=False, hash_funcs=services.BY_WEIGHTS)
def _used(source: "Checkpoint", data: str) -> "np.ndarray":
    import numpy as np

    from training.data.datasets import load_dataset
    from training.pictures.mixture import usage

    picture = source.file.with_name("components.png")
    if picture.parent.parent == PRETRAINED and picture.is_file():
        return np.array(_shipped_use(picture))
    model: Any = source.model
    dataset = load_dataset(data)
    images = dataset.held_out(len(dataset.test))
    return usage(model, images).numpy()


def rows_of(source: "Checkpoint", components: list[int], seed: int) -> Rows:
    """Samples of some components, a row each."""
    counts = used(source)
    png = _rows_png(source, tuple(components), seed)
    return Rows(png, {component: int(counts[component]) for component in components}, int(counts.sum()))


@st.cache_data(max_entries=128, show_spinner=False, hash_funcs=services.BY_WEIGHTS)
def _rows_png(source: "Checkpoint", components: tuple[int, ...], seed: int) -> bytes:
    from training.pictures import grids as pictures
    from training.pictures.mixture import draw_components

    model: Any = source.model
    tiles = draw_components(model, components, EACH, seed=seed)
    return pictures.png_bytes(pictures.grid(tiles, columns=EACH), checkpoint=source.sha256, seed=seed)


def show_rows(rows: Rows, name: str) -> None:
    """The picture, and under it which component each row is."""
    summary = ", ".join(f"{component + 1} ({count:,})" for component, count in rows.components.items())
    figures.picture(
        rows.png,
        key="components",
        alt=f"Samples from components of the prior of {name}, a row each: number, images it explains best: {summary}",
        caption=f"Components from the top, each with how many of {rows.images:,} test images it explains best: "
        f"{summary}.",
    )


def usage_chart(counts: "np.ndarray", *, key: str) -> None:
    """How many test images each component explains best, the most used first."""
    ranked = sorted(((int(count), component) for component, count in enumerate(counts)), reverse=True)
    rows = [
        {"rank": rank, "images": count, "component": component + 1}
        for rank, (count, component) in enumerate(ranked, start=1)
    ]
    dead = int((counts == 0).sum())
    summary = f"{dead} explain none" if dead else f"each explains {rows[-1]['images']} or more"
    bars = {
        "mark": {"type": "bar", "color": COMPONENTS.color, "binSpacing": 0},
        "transform": [
            {"calculate": "datum.rank - 0.5", "as": "left"},
            {"calculate": "datum.rank + 0.5", "as": "right"},
        ],
        "encoding": {
            "x": {
                "field": "left",
                "type": "quantitative",
                "title": "components, the most used first",
                "scale": {"domain": [0.5, len(rows) + 0.5], "nice": False},
                "axis": {"grid": False, "format": "d"},
            },
            "x2": {"field": "right"},
            "y": {"field": "images", "type": "quantitative", "title": "images it explains best"},
            "y2": {"datum": 0},
            "tooltip": [
                {"field": "component", "title": "component"},
                {"field": "images", "title": "images", "format": ","},
            ],
        },
    }
    edge = {
        "mark": {"type": "rule", "color": REFERENCE.color, "strokeDash": [4, 4], "strokeWidth": 2},
        "encoding": {"x": {"datum": len(rows) - dead + 0.5, "type": "quantitative"}},
    }
    with st.container(key=f"chart-{key}"):
        charts.vega(
            rows,
            {"height": 260, "layer": [bars, *([edge] if dead else [])]},
            key=key,
            alt=f"Images that each of {len(rows)} components explains best, from {rows[0]['images']} down; {summary}",
        )


def codes_and_means(source: "Checkpoint", *, key: str) -> None:
    """The codes of held-out images and the means of the prior in one plane, that of the codes' principal directions."""
    from training.latent.encoding import principal_directions

    model: Any = source.model
    codes, counts = encoded(source).mean, used(source)
    dead = int((counts == 0).sum())
    directions, _ = principal_directions(codes)
    middle, about = codes.mean(0), at_hand(source.data)
    dots = [
        {"x": x, "y": y, "class": about.classes[int(label)]}
        for (x, y), label in zip(((codes - middle) @ directions.T).tolist(), held_out(source.data).labels, strict=True)
    ]
    means = [
        {"x": x, "y": y, "images": int(count), "component": component + 1}
        for component, ((x, y), count) in enumerate(
            zip(((model.components()[0] - middle) @ directions.T).tolist(), counts, strict=True)
        )
    ]
    x, y = (
        {"field": axis, "type": "quantitative", "title": title, "axis": {"grid": False, "tickCount": 5}}
        for axis, title in (("x", "1st principal direction of the codes"), ("y", "2nd"))
    )
    tooltip = [{"field": "component", "title": "component"}, {"field": "images", "title": "explains", "format": ","}]
    layers = [
        {
            "data": {"values": dots},
            "mark": {"type": "point", "filled": True, "size": 14, "opacity": 0.7},
            "encoding": {
                "x": x,
                "y": y,
                "color": {
                    "field": "class",
                    "type": "nominal",
                    "scale": {"domain": list(about.classes), "range": list(DIGITS)},
                    "legend": {"orient": "right", "title": about.noun, "symbolSize": 90},
                },
            },
        },
        {
            "data": {"values": [row for row in means if row["images"]]},
            "mark": {"type": "point", "color": COMPONENTS.color, "strokeWidth": 1.6},
            "encoding": {
                "x": x,
                "y": y,
                "size": {"field": "images", "type": "quantitative", "scale": {"range": [12, 420]}, "legend": None},
                "tooltip": tooltip,
            },
        },
        {
            "data": {"values": [row for row in means if not row["images"]]},
            "mark": {"type": "point", "shape": CROSS, "color": REFERENCE.color, "size": 40, "strokeWidth": 1.6},
            "encoding": {"x": x, "y": y, "tooltip": tooltip},
        },
    ]
    with st.container(key=f"chart-{key}"):
        charts.vega(
            {"height": 460, "layer": layers},
            key=key,
            alt=f"{COUNT:,} codes of held-out {about.plural} and {len(means)} means of the prior in one plane; "
            f"{dead} means explain none",
        )
    glossary.caption(
        f"Dots are the posterior means of held-out {about.plural}. Rings are the components' means, larger the more "
        "they explain"
        f"{'; crosses explain none' if dead else ''}. What lies together here may lie apart in other directions."
    )


def responsibilities(source: "Checkpoint", grey: "np.ndarray", name: str) -> None:
    """Which components could have made the code of one image, uint8 (784,), and what they draw."""
    png, drawn_png, shares = _shares(source, grey.tobytes())
    image, bars = st.columns([1, 2.6], gap="large", vertical_alignment="center")
    with image:
        figures.picture(png, key="asked", alt=f"{name}, and below it what the model draws from its code")
        glossary.caption("Above the image, below its reconstruction.")
    with bars:
        names = [str(component + 1) for component, _ in shares]
        rows = [{"component": number, "share": share} for number, (_, share) in zip(names, shares, strict=True)]
        summary = ", ".join(f"{component + 1} {share:.1%}" for component, share in shares)
        with st.container(key="chart-shares"):
            charts.vega(
                rows,
                {
                    "height": 200,
                    "mark": {"type": "bar", "color": COMPONENTS.color},
                    "encoding": {
                        "x": {
                            "field": "component",
                            "type": "nominal",
                            "sort": None,
                            "axis": {"labelAngle": 0},
                            "title": "component c",
                        },
                        "y": {
                            "field": "share",
                            "type": "quantitative",
                            "title": "p(c | z)",
                            "axis": {"format": ".0%", "tickCount": 4},
                        },
                        "tooltip": [
                            {"field": "component", "title": "component"},
                            {"field": "share", "format": ".2%", "title": "p(c | z)"},
                        ],
                    },
                },
                key="shares",
                alt=f"Responsibilities of the components for {name}, the largest: {summary}",
            )
        figures.picture(
            drawn_png,
            key="share-means",
            alt=f"The images at the means of components {', '.join(names)}",
            caption="What each of these components draws at its mean, in the bars' order.",
        )


@st.cache_data(max_entries=64, show_spinner=False, hash_funcs=services.BY_WEIGHTS)
def _shares(source: "Checkpoint", grey: bytes) -> tuple[bytes, bytes, list[tuple[int, float]]]:
    import torch

    from training.pictures import grids as pictures

    model: Any = source.model
    x = torch.frombuffer(bytearray(grey), dtype=torch.uint8).float().unsqueeze(0) / 255
    with torch.inference_mode():
        share, component = model.responsibilities(x)[0].sort(descending=True)
        pair = torch.cat([x, model.reconstruct(x)])
        means = model.decode_mean(model.components()[0][component[:SHARES]])
    return (
        pictures.png_bytes(pictures.grid(pictures.to_uint8(pair), columns=1)),
        pictures.png_bytes(pictures.grid(pictures.to_uint8(means), columns=SHARES)),
        list(zip(component[:SHARES].tolist(), share[:SHARES].tolist(), strict=True)),
    )
