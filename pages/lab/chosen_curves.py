"""The curves of the chosen runs over each other, one chart for each quantity and for each kind of images."""

import math
from collections.abc import Sequence

import streamlit as st

from pages.draw.charts import STEPS, Across, Curve, Look, curves
from pages.draw.palette import Quantity, swatch
from pages.kit import glossary
from pages.kit.address import page_key
from pages.kit.terms import in_order, term
from pages.lab.lines import AXES, Line, curve_of
from pages.lab.run_rows import data_label
from training.lab.run_summaries import metrics_of

__all__ = ["chosen_curves", "terms_of"]

SPLITS = {"held-out": "Held-out", "train": "Training", "both": "Both"}
SMOOTHINGS = (1, 3, 5, 9, 21)
ACROSS = {
    "steps": STEPS,
    "epochs": Across("epoch", ",.4~g", ",.2f"),
    "seconds": Across("seconds of training", ",.4~g", ",.0f"),
}
FAR = 20  # times the size of the lowest value: a line so far above it has diverged
BY_DEFAULT = ("nelbo", "kl")
OF_ONE_SCALE = ("nelbo", "rec", "kl", "kl_z", "kl_y")


def terms_of(lines: Sequence[Line]) -> list[str]:
    """The terms that any of the runs has measured, in their order."""
    tables = [metrics_of(run.path, split) for line in lines for run in line.runs for split in ("held-out", "train")]
    return in_order({name for table in tables for name in table.terms})


def chosen_curves(lines: Sequence[Line]) -> None:
    """The charts, with what is drawn in them and how."""
    names = terms_of(lines)
    if not names:
        st.caption("These runs have measured nothing yet.")
        return
    row = st.container(horizontal=True, gap="medium")
    chosen = row.pills(
        "Quantities",
        names,
        default=[name for name in BY_DEFAULT if name in names] or names[:1],
        selection_mode="multi",
        format_func=lambda name: term(name).short or term(name).label,
        key=page_key("terms"),
        bind="query-params",
    )
    axis = row.segmented_control(
        "Over",
        list(AXES),
        default="steps",
        required=True,
        format_func=AXES.__getitem__,
        key=page_key("over"),
        bind="query-params",
        help="One epoch: as many images as the data set has for training. Seconds depend on the "
        "machine, and on what else ran there.",
    )
    split = row.segmented_control(
        "Images",
        list(SPLITS),
        default="held-out",
        required=True,
        format_func=SPLITS.__getitem__,
        key=page_key("images"),
        bind="query-params",
        help="Held-out: 1,000 images that training never sees. Training: means over 50 batches.",
    )
    smoothing = row.selectbox(
        "Smoothing",
        SMOOTHINGS,
        format_func=lambda points: "none" if points == 1 else f"over {points} points",
        key=page_key("smoothing"),
        width=170,
        bind="query-params",
        help="Each point becomes the mean of itself and its neighbours. It hides the noise, and it delays nothing: as "
        "many neighbours before a point as after it.",
    )
    whole = st.toggle(
        "From the start",
        key=page_key("whole"),
        bind="query-params",
        help="Without it, curves begin where the first fall ends.",
    )
    scales = list(dict.fromkeys(line.scale for line in lines))
    if len(scales) > 1:
        glossary.caption(
            f"NELBOs of different images, or under different variances, are not comparable: {' and '.join(scales)} "
            "have a chart each."
        )
    for scale in scales:
        sets = dict.fromkeys(run.data for line in lines if line.scale == scale for run in line.runs)
        if len(sets) > 1:
            held_out = " and of ".join(data_label(name) for name in sets)
            glossary.caption(f"The 1,000 held-out images of {held_out} are not the same ones, if of one kind.")
    charts = [
        (name, scale, [line for line in lines if line.scale == scale] if name in OF_ONE_SCALE else list(lines))
        for name in chosen
        for scale in (scales if name in OF_ONE_SCALE else scales[:1])
    ]
    drawn = [
        (name, scale, found)
        for name, scale, own in charts
        if (found := _curves(own, name, split, axis, smoothing, whole=whole))
    ]
    for start in range(0, len(drawn), 2):
        for column, (name, scale, found) in zip(st.columns(2, gap="medium"), drawn[start : start + 2], strict=False):
            with column:
                _chart(name, scale if len(scales) > 1 and name in OF_ONE_SCALE else "", found, axis, smoothing)
    if not drawn:
        st.caption("None of these runs has measured that: choose other quantities or images.")


def _curves(
    lines: Sequence[Line], name: str, split: str, axis: str, smoothing: int, *, whole: bool
) -> list[tuple[Line, Curve, bool]]:
    """Each line's curves of a term; of a training batch, whether it stands behind the held-out one."""
    first = 0 if whole else _settled(lines)
    found = []
    for line in lines:
        for each in ("train", "held-out") if split == "both" else (split,):
            curve = curve_of(line, name, each, axis=axis, smoothing=smoothing, first=first)
            if curve is not None:
                behind = split == "both" and each == "train"
                found.append((line, curve._replace(name=f"{line.name}, training") if behind else curve, behind))
    return found


def _settled(lines: Sequence[Line]) -> int:
    """The step from which curves are worth a close look: the first fall would flatten all the rest."""
    longest = max(run.step for line in lines for run in line.runs)
    return 0 if longest < 300 else max(200, longest // 25)


def _chart(name: str, scale: str, found: Sequence[tuple[Line, Curve, bool]], axis: str, smoothing: int) -> None:
    shown = term(name)
    notes = [scale, f"smoothed: mean over {smoothing} points" if smoothing > 1 else ""]
    spread = any(len(line.runs) > 1 for line, _, _ in found)
    notes.append("mean over seeds, band from the lowest to the highest" if spread else "")
    notes.append("thin: training" if any(behind for _, _, behind in found) else "")
    highest = _highest([curve for _, curve, _ in found])
    notes.append(f"cut off above {shown.with_unit(highest)}" if highest is not None else "")
    said = "; ".join(filter(None, notes))
    glossary.markdown(swatch(shown.quantity, f"**{shown.label}**" + (f", {said}" if said else "")))
    looks = {
        curve.name: Look(
            Quantity(curve.name, line.color),
            1.2 if behind else 2.2,
            0.45 if behind else 1.0,
            dashes=line.dashes,
            named=not behind,
        )
        for line, curve, behind in found
    }
    ends = [
        f"{curve.name} {shown.with_unit(curve.values[-1])} at step {curve.steps[-1]:,}"
        for _, curve, _ in found
        if curve.values
    ]
    curves(
        [curve for _, curve, _ in found],
        looks=looks,
        key=f"{name}-{scale}" if scale else name,
        alt=f"{shown.label} over {axis}: {'; '.join(ends)}.",
        scale=shown.scale,
        across=ACROSS[axis],
        highest=highest,
    )


def _highest(lines: Sequence[Curve]) -> float | None:
    """Where to cut lines off that have diverged: at the highest of all other values; None where none has."""
    drawn = [
        value
        for line in lines
        for step, value in zip(line.steps, line.values, strict=True)
        if step >= line.first and math.isfinite(value)
    ]
    lowest = min(drawn, default=0.0)
    sound = [value for value in drawn if value <= lowest + FAR * max(abs(lowest), 1.0)]
    return max(*sound, 1.1 * abs(lowest)) if len(sound) < len(drawn) else None
