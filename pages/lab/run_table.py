"""The table of runs: what is looked for, in which order, and which runs are chosen for what stands below it."""

from collections.abc import Iterable, Sequence
from functools import partial
from hashlib import sha256
from typing import Any

import streamlit as st

from pages.kit import frame, glossary
from pages.kit.address import RUN_ELSEWHERE, absent, forget_absent, page_key
from pages.lab.lines import MOST
from pages.lab.run_rows import COLUMNS, SORTS, Row, data_label, filtered, mixed_scales, rows_of, sorted_runs
from training.checkpoints.model_ref import model_ref
from training.lab.run_summaries import RunSummary

__all__ = ["choose_runs", "run_table"]

STATES = ("queued", "running", "paused", "finished", "stopped", "failed", "interrupted", "shipped")
ROW_HEIGHT, MOST_ROWS = 35, 12  # of them seen at once; the others scroll
LONGEST_NAME = 60


def run_table(runs: Sequence[RunSummary]) -> None:
    """The filters and the table; its checked rows are the chosen runs."""
    found, by_sweep = _filters(runs)
    rows = rows_of(found, by_sweep=by_sweep)
    if rows:
        _table(rows)
    shown = f"{len(found):,} of {len(runs):,}" if len(found) < len(runs) else f"{len(runs):,}"
    said = f"{shown} trainings. NELBO, KL, reconstruction and accuracy: the newest, on 1,000 held-out images, in nats. "
    if scales := mixed_scales(found):
        said += f"Not comparable are NELBOs and reconstructions of {', '.join(scales)}: compare within one of them. "
    glossary.caption(said + "*Differs in*: settings that not all runs of its model share here.")


def _filters(runs: Sequence[RunSummary]) -> tuple[list[RunSummary], bool]:
    """What the visitor looks for, in the order that was asked for; whether a sweep is one row."""
    columns = st.columns([1.6, 1.2, 1.2, 1.2, 1.2], gap="small", vertical_alignment="bottom")
    find = columns[0].text_input(
        "Find",
        key=page_key("find"),
        bind="query-params",
        placeholder="Name, note, tag or setting",
        help='Every word must occur, in the name, the note, the tags or the settings: "z 20".',
    )

    def among(column: Any, label: str, name: str, options: Iterable[str], **more: Any) -> list[str]:
        chosen: list[str] = column.multiselect(
            label, list(options), key=page_key(name), bind="query-params", placeholder="All", **more
        )
        return chosen

    models = among(columns[1], "Model", "model", sorted({run.recipe for run in runs}))
    data = among(columns[2], "Data", "data", sorted({run.data for run in runs}), format_func=data_label)
    there = {run.state for run in runs}
    states = among(columns[3], "State", "state", [state for state in STATES if state in there])
    order = columns[4].selectbox(
        "Order", list(SORTS), format_func=SORTS.__getitem__, key=page_key("order"), bind="query-params"
    )
    by_sweep = any(run.notes.group for run in runs) and st.toggle(
        "One row for each sweep", key=page_key("sweeps"), bind="query-params", help="With the means of its runs."
    )
    return sorted_runs(filtered(runs, find, models=models, data=data, states=states), order), by_sweep


def _table(rows: Sequence[Row]) -> None:
    """The rows. Checking one chooses its runs; what is chosen elsewhere is checked here."""
    chosen, titles = chosen_titles(), "\n".join(" ".join(row.titles) for row in rows)
    key = f"table-{sha256(titles.encode()).hexdigest()[:12]}"  # other rows, another table: places mean other runs
    checked = [place for place, row in enumerate(rows) if set(row.titles) <= set(chosen)]
    state = st.session_state.get(key)
    if state is not None and sorted(state["selection"]["rows"]) != checked:
        st.session_state[key] = selection(checked)
    number = st.column_config.NumberColumn
    others = any(row.cells["From"] for row in rows)  # a column for nobody else is in the way
    columns = [name for name in COLUMNS if others or name != "From"]
    st.dataframe(
        {name: [row.cells[name] for row in rows] for name in columns},
        key=key,
        on_select=partial(_take, key, rows),
        selection_mode="multi-row",
        selection_default=selection(checked),
        hide_index=True,
        alt=f"{len(rows)} rows of trainings: settings, state and newest numbers; a checked one is shown below",
        row_height=ROW_HEIGHT,
        height=ROW_HEIGHT * (min(len(rows), MOST_ROWS) + 1) + 3,
        placeholder="–",
        column_config={
            "Run": st.column_config.TextColumn(pinned=True, width="medium"),
            "Differs in": st.column_config.TextColumn(width="large"),
            "Steps": number(format="localized"),
            "NELBO": number(format="%.2f"),
            "KL": number(format="%.2f"),
            "Rec.": number(format="%.2f"),
            "Accuracy": number(
                format="percent",
                help="Of an SSVAE's classifier; of an FSVAE, how often the wanted digit is predicted from swaps.",
            ),
            "Tags": st.column_config.ListColumn(),
            "Note": st.column_config.TextColumn(width="medium"),
        },
    )


def selection(rows: Sequence[int]) -> Any:
    """A table's state with these rows checked."""
    return {"selection": {"rows": list(rows), "columns": [], "cells": []}}


def chosen_titles() -> list[str]:
    """The titles of the chosen runs."""
    titles: list[str] = st.session_state.get(page_key("chosen"), [])
    return titles


def _take(key: str, rows: Sequence[Row]) -> None:
    """Choose the runs of the checked rows; those of no row here stay as they are."""
    here = {title for row in rows for title in row.titles}
    checked = {title: None for place in st.session_state[key]["selection"]["rows"] for title in rows[place].titles}
    kept = [title for title in chosen_titles() if title not in here or title in checked]
    added = [title for title in checked if title not in kept]
    st.session_state["too-many"] = len(kept) + len(added) > MOST
    st.session_state[page_key("chosen")] = [*kept, *added][:MOST]
    forget_absent("chosen")


def choose_runs(runs: Sequence[RunSummary]) -> list[RunSummary]:
    """The chosen runs: in the address, checked in the table, and all removable by a click. Call it before the table."""
    options, state = {run.title: run for run in runs}, st.session_state
    labels = {run.title: model_ref(run.origin, run.id).label for run in runs}
    lacking = absent("chosen", labels.values())
    if page_key("chosen") in state:  # without those that somebody deleted meanwhile
        state[page_key("chosen")] = [title for title in chosen_titles() if title in options]
    by_default = [run.title for run in runs if run.active or run.origin == "run"][:3] or [run.title for run in runs][:3]
    chosen: list[str] = st.multiselect(
        "Shown below",
        list(options),
        default=by_default,
        format_func=lambda title: labels.get(title, title),
        max_selections=MOST,
        wrap=True,
        placeholder="Check runs in the table, or choose them here",
        key=page_key("chosen"),
        bind="query-params",
        on_change=forget_absent,
        args=["chosen"],
        help=f"Up to {MOST}. Rows that are checked in the table are shown here too.",
    )
    if state.pop("too-many", False):
        st.caption(f"{MOST} runs are shown at most: remove one before you add another.")
    if lacking:
        named = " and ".join(f"**{frame.plain(title[:LONGEST_NAME])}**" for title in lacking[:MOST])
        st.caption(f"The link asks for {named}, which is not here: {RUN_ELSEWHERE}.")
    return [options[title] for title in chosen if title in options]
