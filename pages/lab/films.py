"""The pictures that a run has kept, as one file that a browser can take single pictures out of."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import streamlit as st
from streamlit import runtime

from training.lab.run_summaries import RunSummary
from training.runs.run_folder import steps_of

__all__ = ["Film", "film_of", "kept_pictures"]

MOST_PICTURES = 200  # of one kind of one run
MOST_BYTES = 16 * 2**20  # of one kind of one run: beyond, fewer pictures go along
KINDS = ("grids", "reconstructions")


class Film(NamedTuple):
    """Pictures of one run, one behind the other, and by their kind at which step each is and where it lies."""

    content: bytes
    places: dict[str, list[tuple[int, int, int]]]

    def address(self, key: str) -> str:
        """Where the browser finds it, as long as this page is open.

        Arguments:
            key: names the place on the page, so that a new film takes over an old one's.
        """
        base = st.get_option("server.baseUrlPath").strip("/")
        manager = runtime.get_instance().media_file_mgr
        path = manager.add(self.content, "application/octet-stream", f"film-{key}")
        return f"/{base}{path}" if base else path


def kept_pictures(run: RunSummary, kind: str) -> list[tuple[int, Path]]:
    """Step and file of every picture of a kind that a run has kept, in order.

    Of a shipped model only its last samples are kept.
    """
    if run.origin == "shipped":
        file = run.path / "samples.png"
        return [(run.step, file)] if kind == "grids" and file.is_file() else []
    return [(step, run.path / kind / f"{step}.png") for step in steps_of(run.path / kind, ".png")]


def film_of(run: RunSummary) -> Film:
    """A run's pictures of every kind, thinned evenly to a bounded number, the last among them."""
    kept = {kind: thinned(kept_pictures(run, kind), MOST_PICTURES) for kind in KINDS}
    known = [(kind, [step for step, _ in pictures], _changed(pictures)) for kind, pictures in kept.items()]
    return _film(run.title, str(run.path), str(known), kept)


def _changed(pictures: Sequence[tuple[int, Path]]) -> int:
    try:
        return pictures[-1][1].stat().st_mtime_ns if pictures else 0
    except OSError:  # it is being trained anew
        return 0


@st.cache_resource(max_entries=24, show_spinner=False)
def _film(title: str, path: str, known: str, _kept: dict[str, list[tuple[int, Path]]]) -> Film:
    content = bytearray(f"{title} {path} {known}".encode())  # two films are never one file to the server
    places: dict[str, list[tuple[int, int, int]]] = {}
    for kind, pictures in _kept.items():
        read = [(step, found) for step, file in pictures if (found := _bytes(file))]
        total = sum(len(found) for _, found in read)
        places[kind] = []
        for step, found in thinned(read, len(read) * MOST_BYTES // max(total, MOST_BYTES)):
            places[kind].append((step, len(content), len(content) + len(found)))
            content += found
    return Film(bytes(content), places)


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:  # the run is being trained anew, or deleted
        return b""


def thinned(items: Sequence[Any], most: int) -> list[Any]:
    """At most so many of them, evenly, the last always among them; one at least, where there is one."""
    if not items:
        return []
    stride = -(-len(items) // max(1, most))
    return list(items[(len(items) - 1) % stride :: stride])
