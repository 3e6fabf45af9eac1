"""A map of the codes of held-out images: point at one, click it, or catch many with a lasso."""

import math
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.choose.evaluation_images import address_of, encoded, held_out, name_of, pick_digit
from pages.draw import figures
from pages.draw.palette import DIGITS, REFERENCE
from pages.draw.strips import Strip, strip_of, strips
from pages.kit import frame, glossary, services
from pages.kit.address import page_key
from pages.kit.guard import section
from pages.kit.job_panel import job_panel
from pages.kit.texts import page_text
from pages.kit.ticking import ticking
from training.checkpoints.roles import playing
from training.data.registry import at_hand

if TYPE_CHECKING:
    import plotly.graph_objects as go
    from torch import Tensor

    from training.checkpoints.reading import Checkpoint
    from training.latent.encoding import Encoding
    from training.system.jobs import Job

__all__ = ["evenly", "in_blocks", "latent_map"]

LAYOUTS = {"pca": "PCA", "tsne": "t-SNE"}
HEIGHT = 560
MOST_CAUGHT = 100
COLUMNS = 10
EMPTY = "\u00a0"
BLOCKS = {(True, True): "█", (True, False): "▀", (False, True): "▄", (False, False): EMPTY}


@st.fragment
@section("latent_map")
def latent_map(source: "Checkpoint") -> None:
    """The map with its controls, and what was caught on it."""
    codes = encoded(source)
    picture, controls = st.columns([2.4, 1], gap="large")
    with controls:
        layout = st.segmented_control(
            "Laid out by",
            list(LAYOUTS),
            default="pca",
            required=True,
            format_func=LAYOUTS.__getitem__,
            key=page_key("layout"),
            bind="query-params",
            width="stretch",
            help="PCA is the linear projection in which the codes spread most. t-SNE keeps neighbours together and "
            "bends all else: sizes of groups and distances between them mean little.",
        )
        overlay = st.toggle(
            "Draws from the prior",
            key=page_key("prior"),
            bind="query-params",
            disabled=layout == "tsne",
            help="1,000 draws of z from the prior, in grey. Only the linear projection has a place for them. Dots "
            "of images are posterior means: without their noise they spread less than codes do.",
        )
    job = _layout_job(source, codes) if layout == "tsne" else None
    if job is not None and job.state != "done":
        with picture:
            ticking(partial(_progress, job), key="tsne", seconds=0.5 if job.active else None)
        return
    with picture:
        caught = _chart(source, codes, job.result if job else None, overlay and layout == "pca")
    with controls:
        digit = pick_digit(source.data, at_hand(source.data).noun.capitalize(), "digit", "7, no. 2")
        _pair(source, codes, digit)
        if len(caught) > 1:
            _caught(source.data, caught)
        else:
            st.caption(
                f"Click a {at_hand(source.data).noun} to see it here; the box and the lasso above the map catch "
                "several."
            )
        if layout == "pca":
            _spreads(source, codes)
    labelled = source.family.name in playing("Classifier")
    frame.notes(page_text(__file__, labelled=labelled, **at_hand(source.data).words))


def _layout_job(source: "Checkpoint", codes: "Encoding") -> "Job":
    """The background work that lays the codes out by t-SNE; anew only for other weights or data."""

    def work(job: "Job") -> "Tensor":
        from training.latent.tsne import tsne

        return tsne(
            codes.mean,
            report=lambda done: job.report(done, f"t-SNE of 1,000 {at_hand(source.data).plural}, {done:.0%}"),
        )

    key = f"tsne:{source.sha256}:{at_hand(source.data).name}"
    return services.jobs().find(key) or services.wait_for(
        services.jobs().submit(key, "t-SNE", work, owner=services.admitted(key))
    )


def _progress(job: "Job") -> None:
    if job_panel([job], key="tsne"):
        st.skeleton(HEIGHT)
    elif job.state == "done":
        st.rerun()  # once, so that the map takes the place of its progress
    elif job.state == "stopped":
        st.info("The layout was stopped: reload the page to start it again.", icon=":material/pause_circle:")


def _chart(source: "Checkpoint", codes: "Encoding", layout: "Tensor | None", overlay: bool) -> list[int]:
    """Draw the map; returns the positions of the images caught on it."""
    places, titles, prior = layout, ("", ""), None
    if places is None:
        directions, middle = _directions(codes)
        places = (codes.mean - middle) @ directions.T
        titles = ("1st direction", "2nd direction")
        prior = (_prior_draws(source, codes) - middle) @ directions.T if overlay else None
    name, about = "PCA" if layout is None else "t-SNE", at_hand(source.data)
    extra = ", over 1,000 draws from the prior" if overlay else ""
    event: Any = st.plotly_chart(
        _figure(source.data, places, prior, titles),
        key="map",
        on_select=partial(_take_click, source.data),
        selection_mode=("points", "box", "lasso"),
        config={"displaylogo": False, "modeBarButtonsToRemove": ["toImage", "autoScale2d"]},
        alt=f"Map by {name} of the codes of {len(places):,} held-out {about.plural} in the colours of "
        f"their classes{extra}: "
        + ", ".join(
            f"{len(positions)} of {about.classes[digit]}" for digit, positions in held_out(source.data).members.items()
        ),
    )
    return _positions(event, len(places))


def _directions(codes: "Encoding") -> "tuple[Tensor, Tensor]":
    """The two principal directions of the codes, (2, z), and their middle, (z,)."""
    from training.latent.encoding import principal_directions

    return principal_directions(codes.mean)[0], codes.mean.mean(0)


def _prior_draws(source: "Checkpoint", codes: "Encoding") -> "Tensor":
    """As many draws of z from the prior as there are codes, the same at every call."""
    import torch

    count, size = codes.mean.shape
    return source.model.sample_prior(count, generator=torch.Generator().manual_seed(0))[:, :size]


def _positions(event: Any, count: int) -> list[int]:
    points = event.get("selection", {}).get("points", []) if event else []
    found = [point["customdata"][0] for point in points if point.get("customdata")]
    return [at for at in found if isinstance(at, int) and 0 <= at < count]


def _take_click(data: str) -> None:
    caught = _positions(st.session_state.get("map"), len(held_out(data).labels))
    if len(caught) == 1:
        st.session_state[page_key("digit")] = address_of(data, caught[0])


def _figure(data: str, places: "Tensor", prior: "Tensor | None", titles: tuple[str, str]) -> "go.Figure":
    import plotly.graph_objects as go

    figure = go.Figure()
    if prior is not None:
        figure.add_scatter(
            x=prior[:, 0].tolist(),
            y=prior[:, 1].tolist(),
            mode="markers",
            name="prior",
            marker={"color": REFERENCE.color, "size": 5, "opacity": 0.45},
            hoverinfo="skip",
        )
    light = st.context.theme.type != "dark"
    digits, about = held_out(data), at_hand(data)
    for digit, positions in digits.members.items():
        own = places[positions]
        figure.add_scatter(
            x=own[:, 0].tolist(),
            y=own[:, 1].tolist(),
            mode="markers",
            name=about.classes[digit],
            customdata=[[at, number + 1] for number, at in enumerate(positions)],
            text=[in_blocks(digits.images[at]) for at in positions],
            hovertemplate=f"{about.classes[digit]}, no. %{{customdata[1]}}<br>%{{text}}<extra></extra>",
            hoverlabel={"font": {"family": "monospace", "size": 9}, "align": "left"},
            marker={"color": DIGITS[digit], "size": 7, "opacity": 0.8},
        )
        x, y = own.median(0).values.tolist()
        figure.add_annotation(
            x=x,
            y=y,
            text=f"<b>{about.classes[digit]}</b>",
            showarrow=False,
            font={"size": 20, "color": DIGITS[digit]},
            bgcolor="rgba(255, 255, 255, 0.85)" if light else "rgba(16, 19, 27, 0.85)",
            borderpad=1,
        )
    axis = {"showticklabels": bool(titles[0]), "zeroline": False}
    figure.update_layout(
        height=HEIGHT,
        margin={"l": 0, "r": 0, "t": 30, "b": 0},
        xaxis={"title": titles[0], **axis},
        yaxis={"title": titles[1], "scaleanchor": "x", **axis},
        legend={"title": about.noun, "itemsizing": "constant"},
    )
    return figure


def in_blocks(image: "Tensor") -> str:
    """A digit of zeros and ones, (side * side,), in characters that are half or wholly full: what a hover can show.

    Its empty margins are left out; rows are ended by "<br>".
    """
    side = math.isqrt(len(image))
    grid = image.view(side, side).bool()
    columns, rows = (grid.any(axis).nonzero().squeeze(1).tolist() or [0] for axis in (0, 1))
    ink = grid[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].tolist()
    ink += [[False] * len(ink[0])] * (len(ink) % 2)
    lines = (zip(*pair, strict=True) for pair in zip(ink[::2], ink[1::2], strict=True))
    return "<br>".join("".join(BLOCKS[pixels] for pixels in line).rstrip(EMPTY) for line in lines)


def _pair(source: "Checkpoint", codes: "Encoding", digit: int) -> None:
    import torch

    decoded = source.model.decode_mean(codes.latents[digit])
    pair = torch.stack([held_out(source.data).images[digit], decoded])
    name, noun = name_of(source.data, digit), at_hand(source.data).noun
    strips(
        [Strip(f"{noun.capitalize()},", "decoded", strip_of(pair), f"The {noun} {name} and what its code decodes to")]
    )


def evenly(caught: list[int], most: int) -> list[int]:
    """At most so many of what was caught: as it comes class by class, every class keeps its share."""
    count = min(len(caught), most)
    return [caught[at * len(caught) // count] for at in range(count)]


def _caught(data: str, caught: list[int]) -> None:
    from training.pictures import grids as pictures

    labels = Counter(held_out(data).labels[caught].tolist())
    summary = ", ".join(f"{count} of {at_hand(data).classes[digit]}" for digit, count in labels.most_common())
    some = evenly(caught, MOST_CAUGHT)
    shown = pictures.to_uint8(held_out(data).images[some])
    figures.picture(
        pictures.png_bytes(pictures.grid(shown, columns=COLUMNS)),
        key="caught",
        alt=f"{len(caught)} {at_hand(data).plural} caught on the map: {summary}",
        caption=f"{len(caught)} caught: {summary}" + (f"; {len(some)} of them" if len(some) < len(caught) else ""),
    )


def _spreads(source: "Checkpoint", codes: "Encoding") -> None:
    """How far the aggregate posterior and the prior spread along the two directions."""
    directions, _ = _directions(codes)
    noise = codes.variance.mean(0) @ directions.square().T
    posterior = ((codes.mean @ directions.T).var(0) + noise).sqrt().tolist()
    prior = (_prior_draws(source, codes) @ directions.T).std(0).tolist()
    glossary.caption(
        "Standard deviations along the two directions: of the aggregate posterior, that is of codes with their noise, "
        f"{posterior[0]:.2f} and {posterior[1]:.2f}; of draws from the prior, {prior[0]:.2f} and {prior[1]:.2f}."
    )
