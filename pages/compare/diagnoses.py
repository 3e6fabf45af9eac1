"""What is in files of weights: a finding for each that was uploaded, and the numbers of every layer."""

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

import streamlit as st

from pages.choose.weight_uploads import Diagnosed, diagnosed_uploads, recall_diagnoses
from pages.compare.comparison_views import Compared
from pages.draw.palette import marked
from pages.kit import frame, services
from training.system.number_format import signed

if TYPE_CHECKING:
    from training.checkpoints.reading import Checkpoint
    from training.checkpoints.tensor_statistics import Statistics
    from training.diagnosis.findings import Layer

__all__ = ["findings", "weights_by_layer"]

_STYLE = """<style>
.layers { overflow-x: auto; max-height: 26rem; overflow-y: auto; }
.layers table { border-collapse: collapse; width: 100%; font-size: 0.875rem; font-variant-numeric: tabular-nums; }
.layers th { text-align: left; font-weight: 600; opacity: 0.7; }
.layers th, .layers td { padding: 0.25rem 0.9rem 0.25rem 0; vertical-align: top; }
.layers tr + tr td, .layers tbody td { border-top: 1px solid rgba(124, 132, 148, 0.25); }
.layers .name { overflow-wrap: anywhere; min-width: 9rem; }
.layers .shape, .layers .number { white-space: nowrap; }
.layers .wrong td { background: rgba(225, 29, 72, 0.10); }
</style>"""


def findings() -> None:
    """What was found in each file that this visitor uploaded, the latest first."""
    recall_diagnoses()
    for position, entry in enumerate(diagnosed_uploads()):
        _finding(entry, opened=position == 0)


def _finding(entry: Diagnosed, *, opened: bool) -> None:
    diagnosis = entry.diagnosis
    if diagnosis is None:
        st.error(frame.plain(entry.sentence), icon=":material/error:")
        return
    if diagnosis.fits and not entry.sentence:
        st.success(frame.plain(diagnosis.verdict), icon=":material/check:")
    else:
        st.error(frame.plain(diagnosis.verdict or entry.sentence), icon=":material/error:")
    for note in diagnosis.notes:
        st.markdown(f"- {frame.plain(note)}")
    with st.expander(f"{entry.name}, layer by layer", expanded=opened and not diagnosis.fits, icon=":material/layers:"):
        _layers(diagnosis.layers)


def _layers(layers: "Sequence[Layer]") -> None:
    rows = [
        (
            "wrong" if layer.meaning else "",
            [
                ("name", layer.name),
                ("shape", _shape(layer.expected)),
                ("shape", _shape(layer.found)),
                ("", layer.meaning or _fits(layer)),
            ],
        )
        for layer in layers
    ]
    _table(["Layer", "Expected", "Found", "What that means"], rows)


def _fits(layer: "Layer") -> str:
    if layer.found is None:
        return "not in the file, and not needed"
    if layer.expected is None:
        return "left out"
    return "as it should be" if layer.found == layer.expected else "another size, which loads"


def weights_by_layer(models: Sequence[Compared]) -> None:
    """The numbers of every tensor, a table for each model."""
    for model in models:
        with st.expander(marked(model.color, model.shown), icon=":material/layers:"):
            rows = [
                (
                    "wrong" if found.not_finite else "",
                    [
                        ("name", found.name),
                        ("shape", _shape(found.shape)),
                        *(
                            ("number", "–" if value is None else signed(value, ".4g"))
                            for value in (found.mean, found.deviation, found.least, found.largest)
                        ),
                        ("number", f"{found.not_finite:,}"),
                    ],
                )
                for found in _statistics(model.source)
            ]
            _table(["Layer", "Shape", "Mean", "Deviation", "Least", "Largest", "Not finite"], rows)


@st.cache_data(max_entries=32, show_spinner=False, hash_funcs=services.BY_WEIGHTS)
def _statistics(source: "Checkpoint") -> "list[Statistics]":
    from training.checkpoints.tensor_statistics import statistics_of

    return statistics_of(source.state)


def _shape(shape: tuple[int, ...] | None) -> str:
    return "–" if shape is None else " × ".join(f"{size:,}" for size in shape) or "a number"


def _table(head: Sequence[str], rows: Sequence[tuple[str, Sequence[tuple[str, str]]]]) -> None:
    """Rows with a class each, of cells with a class each; every text is shown as it is."""
    heads = "".join(f"<th>{escape(title)}</th>" for title in head)
    lines = (
        f'<tr class="{of}">{"".join(f"<td class={name!r}>{escape(text)}</td>" for name, text in cells)}</tr>'
        for of, cells in rows
    )
    table = f"<table><thead><tr>{heads}</tr></thead><tbody>{''.join(lines)}</tbody></table>"
    st.html(f'{_STYLE}<div class="layers wide-table" role="region" aria-label="Table" tabindex="0">{table}</div>')
