"""The chosen runs' pictures, step by step, as a file to take along."""

from bisect import bisect_right
from collections.abc import Sequence
from functools import partial

import streamlit as st

from pages.kit.address import page_key
from pages.lab.films import kept_pictures, thinned
from training.lab.run_summaries import RunSummary

__all__ = ["export"]

KINDS = {"grids": "samples", "reconstructions": "reconstructions"}
FORMATS = {"gif": "image/gif", "webp": "image/webp"}
MOST_FRAMES = 60


def export(runs: Sequence[RunSummary], shown: Sequence[str]) -> None:
    """Animations of what the scrubber shows, made when they are asked for; nothing where no picture was kept."""
    kinds = [kind for kind in KINDS if kind in shown and any(len(kept_pictures(run, kind)) > 1 for run in runs)]
    if not kinds:
        return
    row = st.container(horizontal=True, vertical_alignment="bottom")
    kind = (
        kinds[0]
        if len(kinds) == 1
        else row.segmented_control(
            "Animation of",
            kinds,
            default=kinds[0],
            required=True,
            format_func=KINDS.__getitem__,
            key=page_key("animation"),
            bind="query-params",
        )
    )
    for name, mime in FORMATS.items():
        row.download_button(
            f"Download as {name.upper() if name == 'gif' else 'WebP'}",
            partial(made, list(runs), kind, name),
            f"{KINDS[kind]}.{name}",
            mime,
            icon=":material/animation:",
            on_click="ignore",
            key=f"animation-{name}",
            help=f"The {KINDS[kind]} of the chosen runs beside each other, {MOST_FRAMES} steps of them at most.",
        )


def made(runs: Sequence[RunSummary], kind: str, name: str) -> bytes:
    """The animation itself."""
    from training.pictures.animations import Frame, animation

    kept = [kept_pictures(run, kind) for run in runs]
    steps = thinned(sorted({step for pictures in kept for step, _ in pictures}), MOST_FRAMES)
    at = [[step for step, _ in pictures] for pictures in kept]
    frames = [
        Frame(
            step,
            [
                pictures[place - 1][1] if (place := bisect_right(own, step)) else None
                for own, pictures in zip(at, kept, strict=True)
            ],
        )
        for step in steps
    ]
    return animation([run.label for run in runs], frames, "gif" if name == "gif" else "webp")
