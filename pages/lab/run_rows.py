"""The rows of the table of runs: which of them, in which order, with what in each."""

import math
from collections.abc import Collection, Iterable, Sequence
from statistics import mean
from typing import Any, NamedTuple

from pages.kit.ticking import duration
from training.data.registry import DATA_SETS
from training.lab.run_summaries import RunSummary, differing
from training.people.rights import whose

__all__ = [
    "COLUMNS",
    "SORTS",
    "Row",
    "data_label",
    "filtered",
    "mixed_scales",
    "rows_of",
    "settings_rows",
    "sorted_runs",
]

SORTS = {
    "newest": "Newest first",
    "nelbo": "Smallest NELBO first",
    "kl": "Smallest KL first",
    "rec": "Smallest reconstruction first",
    "accuracy": "Highest accuracy first",
    "step": "Most steps first",
    "seconds": "Longest training first",
    "label": "By name",
}
UNSAID = "–"
FROM = {"own": "", "machine": "the machine", "published": "the class", "another's": "another"}
ACCURACY = ("accuracy", "content_accuracy")
COLUMNS = (
    "Run",
    "Model",
    "Differs in",
    "State",
    "Steps",
    "NELBO",
    "KL",
    "Rec.",
    "Accuracy",
    "Time",
    "Data",
    "From",
    "Tags",
    "Note",
)


class Row(NamedTuple):
    """A row of the table: the runs that it stands for, by their titles, and what is in its cells, by column."""

    titles: tuple[str, ...]
    cells: dict[str, Any]


def filtered(
    runs: Iterable[RunSummary],
    find: str = "",
    *,
    models: Collection[str] = (),
    data: Collection[str] = (),
    states: Collection[str] = (),
) -> list[RunSummary]:
    """The runs in which every word of `find` occurs, of some models, data sets and states; of all, where none is given.

    Names, notes, tags, sweeps and settings are looked through; a setting is written as in the table: "z 20".
    """
    words = find.casefold().split()
    return [
        run
        for run in runs
        if (not models or run.recipe in models)
        and (not data or run.data in data)
        and (not states or run.state in states)
        and all(word in _said_of(run) for word in words)
    ]


def _said_of(run: RunSummary) -> str:
    settings = (f"{name} {value}" for name, value in run.settings.items())
    texts = (run.id, run.label, run.recipe, run.data, run.state, run.notes.group, run.notes.note, *run.notes.tags)
    return " ".join((*texts, *settings)).replace("_", " ").casefold()


def sorted_runs(runs: Sequence[RunSummary], by: str) -> list[RunSummary]:
    """The runs in one of the orders of `SORTS`, those without that number last.

    NELBOs and reconstructions of different images or likelihoods are never ranked together: those of each kind stand
    together, the kind of the first run first.
    """
    if by == "newest":
        return list(runs)
    if by == "label":
        return sorted(runs, key=lambda run: run.label.casefold())
    scales = list(dict.fromkeys(run.scale for run in runs))
    down = by in ("accuracy", "step", "seconds")

    def rank(run: RunSummary) -> tuple[int, bool, float]:
        value = float(getattr(run, by)) if by in ("step", "seconds") else number(run, by)
        known = value is not None and math.isfinite(value)
        apart = scales.index(run.scale) if by in ("nelbo", "rec") else 0
        return apart, not known, (-value if down else value) if value is not None and known else 0.0

    return sorted(runs, key=rank)


def number(run: RunSummary, name: str) -> float | None:
    """A run's newest number on held-out images; None before the first."""
    names = ACCURACY if name == "accuracy" else (name,)
    return next((run.terms[each] for each in names if each in run.terms), None)


def mixed_scales(runs: Iterable[RunSummary]) -> list[str]:
    """The kinds of NELBO among some runs, where they are more than one: see `RunSummary.scale`."""
    scales = list(dict.fromkeys(run.scale for run in runs if "nelbo" in run.terms))
    return scales if len(scales) > 1 else []


def rows_of(runs: Sequence[RunSummary], *, by_sweep: bool = False) -> list[Row]:
    """A row for each run; of a sweep one for all its runs, if asked, where its first run stands."""
    differ = differing(runs)
    together: dict[str, list[RunSummary]] = {}
    for run in runs:
        sweep = f"sweep {run.notes.group}" if by_sweep and run.notes.group else ""
        together.setdefault(sweep or run.title, []).append(run)
    return [
        Row((title,), _cells(of[0], differ[of[0].title])) if title == of[0].title else _sweep(title, of)
        for title, of in together.items()
    ]


def _cells(run: RunSummary, differ: Sequence[str]) -> dict[str, Any]:
    said = "; ".join(f"{name.replace('_', ' ')} {run.settings[name]}" for name in differ)
    cells = {
        "Run": run.label,
        "Model": run.recipe,
        "Differs in": said,
        "State": state_in_words(run),
        "Steps": run.step,
        "NELBO": number(run, "nelbo"),
        "KL": number(run, "kl"),
        "Rec.": number(run, "rec"),
        "Accuracy": number(run, "accuracy"),
        "Time": duration(run.seconds) if run.seconds else None,
        "Data": data_label(run.data),
        "From": _from(run),
        "Tags": list(run.notes.tags),
        "Note": run.notes.note.partition("\n")[0],
    }
    return {name: None if isinstance(cell, float) and not math.isfinite(cell) else cell for name, cell in cells.items()}


def _from(run: RunSummary) -> str:
    """Whose run it is, where it is not the visitor's own."""
    return "" if run.origin == "shipped" else FROM[whose(run.path)]


def _sweep(title: str, runs: Sequence[RunSummary]) -> Row:
    """One row for the runs of a sweep: means where all have the number, and what they differ in."""

    def one_for_all(values: Iterable[object]) -> str:
        return ", ".join(map(str, dict.fromkeys(values)))

    differ = list(dict.fromkeys(name for names in differing(runs).values() for name in names))
    spans = (f"{name.replace('_', ' ')} {_span([run.settings.get(name, '') for run in runs])}" for name in differ)
    numbers = {}
    for column, name in {"NELBO": "nelbo", "KL": "kl", "Rec.": "rec", "Accuracy": "accuracy"}.items():
        values = [number(run, name) for run in runs]
        apart = len({run.scale for run in runs}) > 1 and name in ("nelbo", "rec")
        whole = [value for value in values if value is not None and math.isfinite(value)]
        numbers[column] = mean(whole) if len(whole) == len(values) and not apart else None
    cells = {
        "Run": f"{title}: {len(runs)} runs",
        "Model": one_for_all(run.recipe for run in runs),
        "Differs in": "; ".join(spans),
        "State": one_for_all(map(state_in_words, runs)),
        "Steps": sum(run.step for run in runs),
        **numbers,
        "Time": duration(sum(run.seconds for run in runs)),
        "Data": one_for_all(data_label(run.data) for run in runs),
        "From": one_for_all(map(_from, runs)),
        "Tags": list(dict.fromkeys(tag for run in runs for tag in run.notes.tags)),
        "Note": "",
    }
    return Row(tuple(run.title for run in runs), cells)


def _span(values: Sequence[str]) -> str:
    """The values of a setting in a sweep: each, or the ends where they are many."""
    each = list(dict.fromkeys(filter(None, values)))
    try:
        each.sort(key=float)
    except ValueError:
        each.sort()
    return ", ".join(each) if len(each) <= 4 else f"{each[0]} to {each[-1]}"


def state_in_words(run: RunSummary) -> str:
    """A run's state; of one that trains, how far it is."""
    if run.state == "running":
        return f"running, {run.step / run.steps:.0%}"
    return run.state


def data_label(name: str) -> str:
    """What people call a data set."""
    return DATA_SETS[name].title if name in DATA_SETS else name


def settings_rows(runs: Sequence[RunSummary]) -> tuple[list[tuple[str, list[str]]], list[tuple[str, list[str]]]]:
    """Settings side by side: those in which the runs differ, and the others; a value for each run."""
    names = dict.fromkeys(name for run in runs for name in run.settings)
    every = {
        "model": [run.recipe for run in runs],
        "data": [data_label(run.data) for run in runs],
        "steps": [f"{run.steps:,}" for run in runs],
        **{name.replace("_", " "): [run.settings.get(name, UNSAID) for run in runs] for name in names},
    }
    differ = [row for row in every.items() if len(set(row[1]) - {UNSAID}) > 1]
    return differ, [row for row in every.items() if row not in differ]
