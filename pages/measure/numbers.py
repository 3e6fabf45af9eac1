"""Tables of a model's numbers: a row per quantity, a column per source, always with protocol and error."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

import streamlit as st

from pages.draw.palette import ACCURACY, BOUND, swatch
from pages.kit import glossary
from pages.kit.guard import plain
from pages.kit.tables import table
from pages.kit.terms import every_in_order, term
from pages.measure.seen_notes import seen_notes
from training.checkpoints.model_ref import model_ref
from training.data.registry import data_set, evaluation_set, whole
from training.evaluation.spread import Spread
from training.release.cards import read_card
from training.release.published import ACCURACIES, REFERENCE_DATA, REFERENCES
from training.system.errors import UserError
from training.system.folders import PRETRAINED
from training.system.number_format import plus_minus, signed

__all__ = [
    "Column",
    "cell",
    "column",
    "heading",
    "models_table",
    "numbers_table",
    "phrase",
    "preset_table",
    "published",
    "shipped",
]

NOT_NATS = ("squared_error",)
TERMS = ("nelbo", "kl", "rec")  # of every model
ESS = (
    "ESS, the effective sample size, from 1 to m: how many of a bound's m samples carry the estimate. The median over "
    "the images, then the worst image. A low one says that q(z|x) fits the posterior badly there. A high one proves "
    "nothing: it is estimated from q's own draws, and they do not show what q never visits."
)
LABEL_SUMMED_OUT = (
    "This model's \u2212IWAE\u20111 is below its NELBO by construction: the bound sums the label out exactly, where "
    "the NELBO averages over q(y|x)."
)
_STYLE = (
    "<style>[class*='st-key-numbers'] table { font-variant-numeric: tabular-nums; } "
    ".st-key-numbers td:first-child { white-space: nowrap; }</style>"
)
Estimate = tuple[float, float | None]


class Column(NamedTuple):
    """One source's numbers in nats, each with its plus-minus if that is known.

    Attributes:
        ess: effective sample size of each bound, by m: the median over the images, and the worst image's; empty where
            it was not measured.
        accuracy: of its classifier, 0..1, on so many `tested` images.
        selection: how its weights were chosen among several trainings.
        spread: what every plus-minus of this source is over.
    """

    title: str
    terms: Mapping[str, Estimate]
    bounds: Mapping[int, Estimate]
    ess: Mapping[int, tuple[float, float]]
    accuracy: float | None = None
    tested: int = 0
    selection: str = ""
    spread: Spread = Spread.NOISE


def column(title: str, facts: Mapping[str, Any], accuracy: float | None = None, tested: int = 0) -> Column:
    """A column from facts by name, as a card, a reference or `SetReport.as_json` holds them."""
    errors, deviations = facts.get("niwae_se", {}), facts.get("deviations", {})
    medians, worst = (facts.get(f"ess_{which}") or {} for which in ("median", "worst"))
    return Column(
        title,
        {
            name: (value, facts.get(f"{name}_se", deviations.get(name)))
            for name, value in facts.items()
            if isinstance(value, float) and not name.endswith("_se") and name not in NOT_NATS
        },
        {int(m): (value, errors.get(m)) for m, value in facts["niwae"].items()},
        {int(m): (median, worst[m]) for m, median in medians.items()},
        accuracy,
        tested,
        spread=Spread.TRAININGS if deviations else Spread.NOISE,
    )


def phrase(name: str) -> str:
    """What an evaluation set is called within a sentence."""
    return evaluation_set(name)[1].phrase


def heading(name: str) -> str:
    """The same at the beginning of a line."""
    return phrase(name)[0].upper() + phrase(name)[1:]


def preset_table(preset: str) -> None:
    """The student report's and the reference solution's numbers beside those of a shipped model."""
    ref = model_ref("shipped", preset)
    data = ref.data
    known = published(preset) if data == REFERENCE_DATA else []
    ours = shipped(preset)
    numbers_table(known + ours, data=data)
    if ours:
        seen_notes({ref.title: ref.learned_from}, read_card(ref.path.parent).sets)
    for entry in REFERENCES if known else ():
        if entry.model == preset and entry.note:
            glossary.caption(entry.note)


def published(preset: str) -> list[Column]:
    """The student report's and the reference solution's columns: homework set, or accuracy on all test digits."""
    columns = [column(f"{entry.source}, homework set", asdict(entry)) for entry in REFERENCES if entry.model == preset]
    right = [entry for entry in ACCURACIES if entry.model == preset]
    tested = data_set(REFERENCE_DATA).test_images
    return columns + [Column(entry.source, {}, {}, {}, entry.accuracy, tested) for entry in right]


def shipped(preset: str, sets: Sequence[str] | None = None) -> list[Column]:
    """The columns of a shipped model on some evaluation sets, or all, without sample sizes; none if it ships not."""
    try:
        card = read_card(PRETRAINED / preset)
    except UserError:
        return []
    return [
        column(
            f"shipped {preset}, {phrase(name)}", asdict(numbers), card.accuracy, data_set(card.data).test_images
        )._replace(ess={}, selection=card.selection)
        for name, numbers in card.sets.items()
        if sets is None or name in sets
    ]


def numbers_table(columns: Sequence[Column], bounds: Sequence[int] | None = None, *, data: str) -> None:
    """NELBO and its terms, the bounds, accuracy: a row each.

    Arguments:
        bounds: the m to show; all that any column has, if not given.
        data: name of the data set on which they were measured: its protocol stands below.
    """
    if bounds is None:
        bounds = sorted({m for source in columns for m in source.bounds})
    names = {name for source in columns for name in source.terms}
    header = [""]
    rows = {name: [swatch(term(name).quantity, term(name).short or None)] for name in every_in_order(names)}
    ladder = {m: [swatch(BOUND, f"\u2212IWAE\u2011{m}")] for m in bounds}
    classified = [swatch(ACCURACY)]
    for source in columns:
        header = [*header, plain(source.title)]
        for name, row in rows.items():
            row.append(cell(source.terms.get(name)))
        for m, row in ladder.items():
            row.append(cell(source.bounds.get(m)))
        classified.append(_accuracy(source))
        if source.ess:
            header = [*header, "ESS, median (worst)"]
            for m, row in ladder.items():
                row.append(_of(*source.ess[m], m) if m in source.ess else "")
            for row in (*rows.values(), classified):
                row.append("")
    lines = [*rows.values(), *ladder.values()]
    if any(source.accuracy is not None for source in columns):
        lines.append(classified)
    st.html(_STYLE)
    with st.container(key="numbers"):
        table(header, lines)
    glossary.caption(whole(data).protocol)
    for title, selection in {source.title.split(",")[0]: source.selection for source in columns}.items():
        if selection:
            glossary.caption(f"{plain(title)}: {selection}.")
    for source in columns:
        if source.spread is not Spread.NOISE:
            glossary.caption(f"{plain(source.title)}: {source.spread.label}")
    if any(source.ess for source in columns):
        glossary.caption(ESS)
    if "kl_y" in names and 1 in bounds:
        glossary.caption(LABEL_SUMMED_OUT)


def models_table(titles: Mapping[str, str]) -> None:
    """A row for each of some shipped models of one data set: NELBO, its terms, its tightest bound, accuracy.

    Its protocol is for the page to say.

    Arguments:
        titles: what people call each model's family, by the model's name.
    """
    cards = {name: read_card(PRETRAINED / name) for name in titles}
    data = whole(next(iter(cards.values())).data)
    measured_on = data.evaluation_sets[0].name
    columns = {name: each for name in cards for each in shipped(name, [measured_on])}
    deepest = max((m for each in columns.values() for m in each.bounds), default=0)
    classified = any(each.accuracy is not None for each in columns.values())
    head = ["", *(swatch(term(name).quantity, term(name).short or None) for name in TERMS)]
    head += [swatch(BOUND, f"\u2212IWAE\u2011{deepest}")] if deepest else []
    head += [swatch(ACCURACY)] if classified else []
    rows = []
    for name, each in columns.items():
        row = [f"{titles[name]}, shipped\u00a0{name}", *(cell(each.terms.get(term_name)) for term_name in TERMS)]
        row += [cell(each.bounds.get(deepest))] if deepest else []
        row += [_accuracy(each)] if classified else []
        rows.append(row)
    st.html(_STYLE)
    with st.container(key=f"numbers-{data.name}"):
        st.markdown(f"**{data.title}**, {phrase(measured_on)}")
        table(head, rows)
    models = {name: card.training["model"] for name, card in cards.items()}
    variances = {name: model["variance"] for name, model in models.items() if "variance" in model}
    if len(set(variances.values())) > 1:
        said = ", ".join(f"{name} {variance:g}" for name, variance in variances.items())
        glossary.caption(f"Variance of p(x|z, y): {said}. NELBOs of different variances cannot be compared.")


def cell(estimate: Estimate | None) -> str:
    """A number with its standard error, as far as they are known, for a cell of a table."""
    if estimate is None:
        return "–"
    value, error = estimate
    return (signed(value) + ("" if error is None else f" {plus_minus(error)}")).replace(" ", "\u00a0")


def _accuracy(source: Column) -> str:
    return "–" if source.accuracy is None else f"{source.accuracy:.2%}\u00a0of\u00a0{source.tested:,}"


def _of(median: float, worst: float, m: int) -> str:
    if m == 1:
        return "1\u00a0of\u00a01"
    return f"{median:,.1f}\u00a0({worst:,.1f})\u00a0of\u00a0{m:,}"
