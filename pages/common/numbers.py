"""Tables of nats, always with their protocol and their error, and the background measuring behind them."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from pages.common import services
from pages.common.palette import BOUND, KL_Z, NELBO, RECONSTRUCTION, swatch
from training.cards import REFERENCES, Numbers, Reference, read_card
from training.errors import UserError
from training.folders import PRETRAINED

if TYPE_CHECKING:
    from training.checkpoints import Checkpoint
    from training.jobs import Job

__all__ = ["measuring", "numbers_table", "preset_table"]

SETS = {
    "homework": "homework set, 100 test digits",
    "test": "full test set, 10,000 digits",
    "sample": "embedded sample, 1,000 digits",
}
Row = tuple[str, Numbers | Reference]
BOUNDS = ("1", "10", "100", "1000")
PROTOCOL = (
    "Nats per image. The homework set is 100 test digits binarised once; NELBO, KL and reconstruction are means of "
    "100 passes, each bound of max(100 / m, 1) passes. ± is the Monte-Carlo standard error."
)


def preset_table(preset: str) -> None:
    """The report's and the course key's numbers beside those of a shipped model."""
    numbers_table(_published(preset) + _shipped(preset))
    if preset == "vae":
        st.caption(
            "The report's row mixes two runs: its NELBO and its IWAE-1 come from different models; for one model they "
            "agree."
        )


def _published(preset: str) -> list[Row]:
    return [(f"{entry.source}, homework set", entry) for entry in REFERENCES if entry.model == preset]


def _shipped(preset: str) -> list[Row]:
    try:
        sets = read_card(PRETRAINED / preset).sets
    except UserError:
        return []
    return [(f"**shipped {preset}**, {SETS[name].split(',')[0]}", numbers) for name, numbers in sets.items()]


def numbers_table(rows: Sequence[Row]) -> None:
    """One row per source: NELBO, its two terms, the bounds."""
    titles = [
        swatch(NELBO),
        swatch(KL_Z),
        swatch(RECONSTRUCTION, "rec"),
        *(swatch(BOUND, f"IWAE\u2011{m}") for m in BOUNDS),
    ]
    lines = [" | ".join(["", "", *titles, ""]), "|".join(["", ":--", *["--:"] * len(titles), ""])]
    for title, numbers in rows:
        errors: Mapping[str, float] = getattr(numbers, "niwae_se", {})
        cells = [
            _cell(numbers.nelbo, getattr(numbers, "nelbo_se", None)),
            _cell(numbers.kl),
            _cell(numbers.rec),
            *(_cell(numbers.niwae.get(m), errors.get(m)) for m in BOUNDS),
        ]
        lines.append(" | ".join(["", title, *cells, ""]))
    st.html("<style>.st-key-numbers table { font-variant-numeric: tabular-nums; }</style>")
    with st.container(key="numbers"):
        st.markdown("\n".join(line.strip() for line in lines))
    st.caption(PROTOCOL)


def _cell(value: float | None, error: float | None = None) -> str:
    if value is None:
        return "–"
    if error is None:
        return f"{value:.2f}"
    return f"{value:.2f}\u00a0±\u00a0{error:.2f}" if error >= 0.005 else f"{value:.2f}\u00a0±\u00a0<0.01"


def measuring(path: str) -> None:
    """Measure a checkpoint in the background: a button, progress with Stop, then the table; never blocks the page."""
    try:
        checkpoint = services.checkpoint(path)
    except UserError as error:
        st.error(str(error), icon=":material/error:")
        return
    from training.measure import available_sets

    sets = ["homework" if "homework" in available_sets() else "sample"]
    key = f"measure:{checkpoint.sha256}:{','.join(sets)}"
    job = services.jobs().find(key)
    under_way = job is not None and job.active
    panel = partial(_measuring_panel, checkpoint, sets, key)
    st.fragment(panel, run_every=0.5 if under_way else None)()


def _measuring_panel(checkpoint: "Checkpoint", sets: list[str], key: str) -> None:
    job = services.jobs().find(key)
    if job is None or job.state in ("failed", "stopped"):
        if job is not None and job.error:
            st.error(job.error, icon=":material/error:")
        if sets == ["sample"]:
            st.caption(
                "The full MNIST is not on disk: this measures the embedded sample's held-out digits, whose numbers "
                "cannot be laid beside the homework's."
            )
        if st.button(f"Measure on the {SETS[sets[0]]}", icon=":material/straighten:", key="measure"):
            _start_measuring(checkpoint, sets, key)
            st.rerun()
    elif job.active:
        st.progress(job.progress, text=job.message or "Waiting for another measurement to end")
        st.button("Stop measuring", on_click=job.stop, key="stop-measuring")
    else:
        reports = job.result
        rows: list[Row] = []
        if "homework" in reports:
            rows += _published(checkpoint.family.name) + _shipped(checkpoint.family.name)
        rows += [(f"**{checkpoint.name}**, {SETS[name]}", Numbers(**reports[name].as_json())) for name in reports]
        numbers_table(rows)
        if st.session_state.pop(f"was-measuring:{key}", False):
            st.rerun()  # once, so that the page stops asking
    st.session_state[f"was-measuring:{key}"] = job is not None and job.active


def _start_measuring(checkpoint: "Checkpoint", sets: list[str], key: str) -> None:
    from training.measure import measure

    def work(job: "Job") -> object:
        def progress(name: str, fraction: float) -> None:
            job.report(fraction, f"Measuring on the {SETS[name]}")

        return measure(checkpoint, sets, on_progress=progress, should_stop=job.should_stop)

    services.jobs().submit(key, f"Measuring {checkpoint.name}", work)
