"""One number over trainings that differ in their seed alone: a dot each, the one whose weights ship marked."""

import streamlit as st

from pages.draw import charts
from pages.draw.palette import MODELS, REFERENCE
from pages.kit import glossary
from pages.kit.terms import term
from pages.measure.numbers import phrase, published
from training.checkpoints.model_ref import model_ref
from training.evaluation.spread import Spread
from training.release.cards import read_card
from training.release.published import REFERENCE_DATA
from training.release.seeds import Several, several
from training.system.folders import PRETRAINED
from training.system.number_format import plus_minus, signed

__all__ = ["seed_dots"]

ROW = 34  # pixels of height for an evaluation set
ANOTHER, OURS = "another seed", "the one that ships"


def seed_dots(preset: str, number: str = "nelbo") -> None:
    """The dots of each evaluation set, the published values as ticks; nothing where one training alone was measured."""
    sets = {name: several(preset, name, number) for name in read_card(PRETRAINED / preset).sets}
    sets = {name: found for name, found in sets.items() if len(found.values) > 1}
    if not sets:
        return
    rows = [row for name, found in sets.items() for row in _rows(phrase(name), found)]
    elsewhere = published(preset) if model_ref("shipped", preset).data == REFERENCE_DATA else []
    sources = {source.title: source.terms[number][0] for source in elsewhere if number in source.terms}
    ticks = [{"set": phrase(next(iter(sets))), "value": value, "what": title} for title, value in sources.items()]
    x = {
        "field": "value",
        "type": "quantitative",
        "title": f"{term(number).label}, nats per image",
        "scale": {"zero": False, "nice": True},
        "axis": {"grid": False, "tickCount": 6},
    }
    y = {"field": "set", "type": "nominal", "title": None, "sort": None, "axis": {"labelLimit": 200}}
    tooltip = [{"field": "what", "title": "training"}, {"field": "value", "title": term(number).label, "format": ".2f"}]
    color = {
        "field": "kind",
        "type": "nominal",
        "title": None,
        "scale": {"domain": [ANOTHER, OURS], "range": [REFERENCE.color, MODELS[0]]},
        "legend": {"orient": "top"},
    }
    shape = {"field": "kind", "type": "nominal", "scale": {"domain": [ANOTHER, OURS], "range": ["circle", "diamond"]}}
    count = max(len(found.values) for found in sets.values())
    said = "; ".join(f"{phrase(name)} {_in_words(found)}" for name, found in sets.items())
    with st.container(key=f"chart-seeds-{number}"):
        charts.vega(
            {
                "height": {"step": ROW},
                "layer": [
                    {
                        "data": {"values": ticks},
                        "mark": {"type": "tick", "thickness": 2, "size": 26, "color": REFERENCE.color},
                        "encoding": {"x": x, "y": y, "tooltip": tooltip},
                    },
                    {
                        "data": {"values": rows},
                        "mark": {"type": "point", "filled": True, "size": 110, "opacity": 0.9},
                        "encoding": {"x": x, "y": y, "color": color, "shape": shape, "tooltip": tooltip},
                    },
                ],
            },
            key=f"seeds-{number}",
            alt=f"{term(number).label} of {count} trainings with different seeds: {said}",
        )
    first = next(iter(sets.values()))
    who = " and the ".join(dict.fromkeys(title.split(",")[0] for title in sources))
    glossary.caption(
        f"{count} trainings of this recipe that differ in their seed alone: {said}. {Spread.TRAININGS.label} The one "
        f"that ships is number {first.rank} of {len(first.values)} on the {phrase(next(iter(sets)))}: how far it is "
        f"from the mean is its seed's doing, not its recipe's.{f' The ticks are the {who}.' if ticks else ''}"
    )


def _rows(row: str, found: Several) -> list[dict[str, object]]:
    return [
        {"set": row, "value": value, "kind": OURS if seed == found.shipped else ANOTHER, "what": f"seed {seed}"}
        for seed, value in zip(found.seeds, found.values, strict=True)
    ]


def _in_words(found: Several) -> str:
    return f"{signed(found.mean)} {plus_minus(found.deviation)}"
