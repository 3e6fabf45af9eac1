"""The chosen runs as lines: each with a colour and dashes of its own, runs that differ in their seed alone as one."""

import math
from collections.abc import Mapping, Sequence
from statistics import mean
from typing import TYPE_CHECKING, NamedTuple

from pages.draw.charts import DASHES, Curve
from pages.draw.palette import MODELS, SYMBOLS
from training.lab.run_summaries import RunSummary, metrics_of

if TYPE_CHECKING:
    from training.runs.run_folder import MetricTable

__all__ = ["AXES", "MOST", "Line", "curve_of", "lines_of", "smoothed"]

MOST = 12  # as many as there are pairs of a colour and dashes here
AXES = {"steps": "Steps", "epochs": "Epochs", "seconds": "Seconds"}


class Line(NamedTuple):
    """One line of every chart: a run, or several that differ in their seed alone.

    Attributes:
        name: no two lines have the same.
        dashes: a pattern of `charts.DASHES`.
    """

    name: str
    color: str
    dashes: tuple[int, ...]
    runs: tuple[RunSummary, ...]

    @property
    def symbol(self) -> str:
        return SYMBOLS[self.color]

    @property
    def scale(self) -> str:
        return self.runs[0].scale


def lines_of(runs: Sequence[RunSummary], *, seeds_together: bool) -> list[Line]:
    """A line for each run, or for each set of runs that differ in their seed alone, in the order of the runs."""
    together: dict[object, list[RunSummary]] = {}
    for run in runs:
        together.setdefault(run.but_its_seed if seeds_together else run.title, []).append(run)
    lines: list[Line] = []
    for place, kin in enumerate(together.values()):
        name = kin[0].label if len(kin) == 1 else f"{kin[0].label}, mean of {len(kin)} seeds"
        if name in [line.name for line in lines]:
            name = f"{name} ({kin[0].id})"
        shift = place // len(MODELS) * (len(DASHES) // 2)  # the second time round, other dashes
        dashes = DASHES[(place + shift) % len(DASHES)]
        lines.append(Line(name, MODELS[place % len(MODELS)], dashes, tuple(kin)))
    return lines


def curve_of(line: Line, term: str, split: str, *, axis: str, smoothing: int, first: int) -> Curve | None:
    """A line's curve of one term; None where a run of it has not measured that, or its epochs are not known.

    Several runs give the mean at the steps that all have measured, and the band from the lowest to the highest.

    Arguments:
        axis: one of `AXES`.
        smoothing: over how many neighbouring measurements each point is the mean; 1 draws them as they are.
        first: the step from which it is drawn.
    """
    tables = [metrics_of(run.path, split) for run in line.runs]
    if not all(table.terms.get(term) for table in tables) or (axis == "epochs" and not line.runs[0].train_images):
        return None
    series = [dict(zip(table.steps, smoothed(table.terms[term], smoothing), strict=False)) for table in tables]
    steps = [step for step in series[0] if all(step in other for other in series[1:])]
    values = [_mean([one[step] for one in series]) for step in steps]
    band = [(min(one[step] for one in series), max(one[step] for one in series)) for step in steps]
    return Curve(
        line.name,
        steps,
        values,
        first,
        places=_places(line, steps, tables, axis),
        band=band if len(series) > 1 else (),
    )


def _mean(values: Sequence[float]) -> float:
    """Their mean; no number where one of them is none."""
    return mean(values) if all(map(math.isfinite, values)) else math.nan


def _places(line: Line, steps: Sequence[int], tables: "Sequence[MetricTable]", axis: str) -> list[float]:
    if axis == "steps":
        return []
    if axis == "epochs":
        run = line.runs[0]
        return [step * run.batch_size / run.train_images for step in steps]
    times: list[Mapping[int, float]] = [dict(zip(table.steps, table.seconds, strict=False)) for table in tables]
    return [mean(of[step] for of in times) for step in steps]


def smoothed(values: Sequence[float], points: int) -> list[float]:
    """Each value as the mean of up to `points` neighbours, as many before it as after it; what is no number stays so.

    Near the ends fewer are left: there the mean is of those that lie equally far on both sides.
    """
    half, last = points // 2, len(values) - 1
    found = []
    for place, value in enumerate(values):
        reach = min(half, place, last - place)
        near = [each for each in values[place - reach : place + reach + 1] if math.isfinite(each)]
        found.append(mean(near) if math.isfinite(value) else value)
    return found
