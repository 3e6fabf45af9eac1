"""Evaluation reports as tables for a terminal."""

from collections.abc import Mapping
from typing import Any

from rich.markup import escape
from rich.table import Table

from training.benchmark.profile import StepProfile
from training.data.registry import evaluation_set
from training.diagnosis.findings import Diagnosis
from training.evaluation.bounds import SetReport
from training.evaluation.disentanglement import Disentanglement
from training.evaluation.spread import Spread
from training.system.number_format import plus_minus, signed

__all__ = ["layer_table", "profile_table", "report_table", "speed_table", "style_table"]


def layer_table(diagnosis: Diagnosis) -> Table:
    """A row for each tensor: its shape as expected and as found, and what that probably means."""
    table = Table(title=f"nearest: {diagnosis.nearest.title}", title_justify="left")
    for heading in ("tensor", "expected", "found", "what it means"):
        table.add_column(heading)
    for layer in diagnosis.layers:
        shapes = ("-" if shape is None else str(shape) for shape in (layer.expected, layer.found))
        table.add_row(*map(escape, (layer.name, *shapes, layer.meaning)))
    return table


def report_table(name: str, reports: Mapping[str, SetReport]) -> Table:
    """One column per evaluation set, one row per quantity, nats per image with Monte-Carlo standard errors."""
    table = Table(title=f"{name}, nats per image", title_justify="left", caption=Spread.NOISE.label)
    table.add_column("")
    for set_name in reports:
        table.add_column(evaluation_set(set_name)[1].title, justify="right")
    sets = list(reports.values())
    table.add_row("NELBO", *(f"{signed(report.nelbo)} {plus_minus(report.nelbo_se)}" for report in sets))
    for name, title in {"kl": "KL", "kl_z": "KL of z", "kl_y": "KL of y"}.items():
        if sets and name in sets[0].terms:
            table.add_row(title, *(signed(report.terms[name]) for report in sets))
    table.add_row("reconstruction", *(signed(report.rec) for report in sets))
    for m in sets[0].niwae if sets else ():
        values = (f"{signed(report.niwae[m])} {plus_minus(report.niwae_se[m])}" for report in sets)
        table.add_row(f"negative IWAE-{m}", *values)
        if m > 1:
            sizes = (f"{report.ess_median[m]:.1f} ({report.ess_worst[m]:.1f}) of {m:,}" for report in sets)
            table.add_row("  ESS, median (worst)", *sizes)
    if any(report.squared_error is not None for report in sets):
        table.add_row("squared error per value", *(f"{report.squared_error:.5f}" for report in sets))
    return table


def style_table(found: Disentanglement, images: str) -> Table:
    """How far digit and style are apart on some images, such as "SVHN's test images"; each measure with its error."""
    table = Table(title=f"digit and style, on {images}", title_justify="left", show_header=False)
    table.caption = Spread.IMAGES.label
    content = "no classifier ships"
    if found.content_accuracy is not None:
        content = _share(found.content_accuracy, found.content_accuracy_se)
    table.add_row(f"content accuracy, {found.images:,} swaps", content)
    if found.content_ceiling is not None:
        table.add_row("the classifier's own accuracy on real images", _share(found.content_ceiling))
    table.add_row("style leak, a nonlinear probe's accuracy", _share(found.style_leak, found.style_leak_se))
    table.add_row("a linear probe's accuracy", _share(found.style_leak_linear, found.style_leak_linear_se))
    table.add_row("chance: the commonest digit's share", _share(found.chance))
    table.add_row("style kept, a correlation", f"{found.style_kept:.4f} {plus_minus(found.style_kept_se, '.4f')}")
    table.add_row("NELBO, nats an image", f"{signed(found.nelbo)} {plus_minus(found.nelbo_se)}")
    table.add_row("KL, nats an image", f"{signed(found.kl)} {plus_minus(found.kl_se)}")
    table.add_row("reconstruction, nats an image", f"{signed(found.rec)} {plus_minus(found.rec_se)}")
    if found.squared_error is not None:
        table.add_row(
            "squared error per value", f"{found.squared_error:.5f} {plus_minus(found.squared_error_se or 0, '.5f')}"
        )
    return table


def _share(value: float, error: float | None = None) -> str:
    return f"{value:.1%}" + ("" if error is None else f" {plus_minus(error, '.1%')}")


def speed_table(result: Mapping[str, Any]) -> Table:
    """What `training.benchmark.steps.benchmark` found: a row per training step, a row per bound."""
    table = Table(title="medians of one run, the homework's way beside ours", title_justify="left")
    for heading in ("", "homework's", "ours", "products alone", "faster", "ours / products"):
        table.add_column(heading, justify="right" if heading else "left")
    for name, row in result.items():
        if "speedup" in row:
            table.add_row(
                f"{name}, one step ({row['precision']})",
                *(f"{row[side]:.2f} ms" for side in ("homework_ms", "ours_ms", "floor_ms")),
                f"{row['speedup']:.1f}x",
                f"{row['ours_ms'] / row['floor_ms']:.2f}",
            )
            continue
        for model, bound in row.items():
            sides = [
                f"{bound[f'{side}_s']:.2f} s"
                + (f", {memory:.0f} MB" if (memory := bound[f"{side}_mb"]) is not None else "")
                for side in ("naive", "ours")
            ]
            table.add_row(f"{model}, {name.upper()}", *sides, "", f"{bound['naive_s'] / bound['ours_s']:.1f}x", "")
    return table


def profile_table(found: StepProfile, rows: int = 16) -> Table:
    """The slowest operations of a training step, and all others as one."""
    table = Table(title=f"{found.preset}: {found.step_ms:.2f} ms a step; where they go, watched", title_justify="left")
    for heading in ("operation", "calls a step", "ms a step", "share"):
        table.add_column(heading, justify="left" if heading == "operation" else "right")
    total = sum(each.ms for each in found.operations)
    shown, others = found.operations[:rows], found.operations[rows:]
    for each in shown:
        table.add_row(escape(each.name), f"{each.calls:.3g}", f"{each.ms:.3f}", f"{each.ms / total:.1%}")
    if others:
        rest = sum(each.ms for each in others)
        table.add_row(f"{len(others)} others", "", f"{rest:.3f}", f"{rest / total:.1%}")
    return table
