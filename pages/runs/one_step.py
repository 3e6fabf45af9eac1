"""One step of Adam, watched: its batch before and after, the gradient, how far the weights moved, the pictures."""

import json
from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.draw import figures
from pages.kit import glossary, tables
from pages.kit.terms import in_order, term
from training.system.files import plain_file
from training.system.number_format import signed

if TYPE_CHECKING:
    from training.data.data_set import DataSet
    from training.runs.run_folder import Run

__all__ = ["last_step", "one_step"]


def last_step(run: "Run") -> dict[str, Any] | None:
    """The last step that was watched by itself, if it is the run's last one."""
    try:
        row = json.loads(plain_file(run.path, "step.json"))
    except (OSError, ValueError):
        return None
    return row if isinstance(row, dict) and row.get("step") == run.status().step else None


def one_step(run: "Run", row: dict[str, Any], data: "DataSet") -> None:
    """Draw it."""
    st.subheader(f"Step {row['step']:,}", anchor=False)
    rows = []
    for name in in_order(row["before"]):
        before, after = row["before"][name], row["after"][name]
        rows.append([term(name).label, term(name).text(before), term(name).text(after), signed(after - before, "+.3g")])
    tables.table(["The step's batch, the same noise", "before it", "after it", "change"], rows)
    share = row["update_norm"] / max(row["weight_norm"], 1e-12)
    glossary.caption(
        f"The gradient of this batch's loss has norm **{row['gradient_norm']:.3g}**. Adam moved the weights by "
        f"**{row['update_norm']:.3g}**, {share:.2%} of their own norm, at learning rate {row['learning_rate']:g} and "
        f"KL weight β = {row['kl_weight']:g}. It divides each weight's mean gradient by that gradient's recent size, "
        "so how far a step goes depends on the learning rate and hardly on how large the gradient is."
    )
    figures.picture(
        plain_file(run.path, "step/grids/last.png"),
        key="grid",
        alt=f"200 {data.plural} from the same noise after step {row['step']:,}",
        caption=f"200 samples after step {row['step']:,}: the same noise at every step",
    )
    figures.picture(
        plain_file(run.path, "step/reconstructions/last.png"),
        key="reconstructions",
        alt=f"Eight held-out {data.plural} above, their reconstructions after step {row['step']:,} below",
        caption=f"Eight held-out {data.plural} (above) and their reconstructions after step {row['step']:,} (below)",
    )
