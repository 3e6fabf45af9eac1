"""Where the time of a page's run goes: `python -m tests.profile_page samples`.

The page runs twice in this process, without a browser: the first time as the first visitor's (libraries and models are
loaded), then as at every later touch. Every few milliseconds all threads' stacks are looked at; a function's own time
includes the libraries that it calls.
"""

import argparse
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import NamedTuple, Self

from rich.console import Console
from rich.table import Table
from streamlit.testing.v1 import AppTest

from tests.patience import PATIENCE
from training.system.folders import PROJECT

__all__ = ["PAGES", "StackSampler", "main", "profile_page"]

SCRIPTS = {file.stem.lstrip("_"): file for file in (PROJECT / "pages").glob("*.py") if file.stem != "__init__"}
PAGES = sorted(SCRIPTS)
ROOMS = ("models", "pages", "training")
EVERY = 0.002  # seconds
WAITING = ("wait", "select", "poll", "accept", "sleep", "get", "_listen")  # where an idle thread stands


class Place(NamedTuple):
    """A function of this project."""

    file: str
    function: str


class StackSampler(threading.Thread):
    """Looks at all other threads' stacks while it is entered, and counts this project's functions on them.

    Attributes:
        own: how often a function was the innermost one of this project; libraries below it count.
        total: how often it was anywhere on a stack.
        libraries: for each function, what stood innermost below it.
        looks: how often it looked in all.
    """

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.own: Counter[Place] = Counter()
        self.total: Counter[Place] = Counter()
        self.libraries: dict[Place, Counter[str]] = {}
        self.looks = 0
        self._done = threading.Event()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self.join()

    def run(self) -> None:
        """Look until it is left."""
        while not self._done.wait(EVERY):
            self.looks += 1
            for thread, frame in sys._current_frames().items():
                if thread != self.ident:
                    self._count(frame)

    def _count(self, innermost: FrameType) -> None:
        if innermost.f_code.co_name in WAITING:
            return
        places = [place for frame in _outwards(innermost) if (place := _place(frame)) is not None]
        if places:
            self.own[places[0]] += 1
            self.total.update(set(places))
            self.libraries.setdefault(places[0], Counter())[_library(innermost)] += 1


def _outwards(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _place(frame: FrameType) -> Place | None:
    file = Path(frame.f_code.co_filename)
    if not file.is_relative_to(PROJECT):
        return None
    inside = file.relative_to(PROJECT)
    return Place(inside.as_posix(), frame.f_code.co_name) if inside.parts[0] in ROOMS else None


def _library(innermost: FrameType) -> str:
    return str(innermost.f_globals.get("__name__", "?")).partition(".")[0]


def profile_page(page: str) -> Iterator[tuple[str, float, StackSampler]]:
    """Run a page twice; of each run its title, its seconds and what was seen.

    Raises:
        AssertionError: the page showed an exception.
    """
    app = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=PATIENCE)
    app.switch_page(f"pages/{SCRIPTS[page].name}")
    for title in (f"{page}, the first run of this process", f"{page}, a run after it"):
        began = time.perf_counter()
        with StackSampler() as sampler:
            app.run()
        assert not app.exception, app.exception
        yield title, time.perf_counter() - began, sampler


def table(title: str, seconds: float, sampler: StackSampler, rows: int = 12) -> Table:
    """This project's functions, those with the most time of their own first."""
    found = Table(title=f"{title}: {seconds:.2f} s", title_justify="left")
    for heading in ("function", "own ms", "total ms", "mostly in"):
        found.add_column(heading, justify="right" if heading.endswith("ms") else "left")
    each = seconds * 1e3 / max(sampler.looks, 1)
    for place, own in sampler.own.most_common(rows):
        (library, _), *_ = sampler.libraries[place].most_common(1)
        found.add_row(
            f"{place.file}: {place.function}", f"{own * each:.0f}", f"{sampler.total[place] * each:.0f}", library
        )
    return found


def main() -> None:
    """Print a table for each of the two runs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("page", nargs="?", default="samples", choices=PAGES)
    for title, seconds, sampler in profile_page(parser.parse_args().page):
        Console().print(table(title, seconds, sampler))


if __name__ == "__main__":
    main()
