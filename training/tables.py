"""Evaluation reports as tables for a terminal."""

from collections.abc import Mapping

from rich.table import Table

from training.data import EVALUATION_SETS
from training.evaluate import SetReport

__all__ = ["report_table"]


def report_table(name: str, reports: Mapping[str, SetReport]) -> Table:
    """One column per evaluation set, one row per quantity, nats per image with Monte-Carlo standard errors."""
    table = Table(title=f"{name}, nats per image", title_justify="left", caption="± Monte-Carlo standard error")
    table.add_column("")
    for set_name in reports:
        table.add_column(EVALUATION_SETS[set_name], justify="right")
    sets = list(reports.values())
    table.add_row("NELBO", *(f"{report.nelbo:.2f} ± {report.nelbo_se:.2f}" for report in sets))
    for name, title in {"kl": "KL", "kl_z": "KL of z", "kl_y": "KL of y"}.items():
        if sets and name in sets[0].terms:
            table.add_row(title, *(f"{report.terms[name]:.2f}" for report in sets))
    table.add_row("reconstruction", *(f"{report.rec:.2f}" for report in sets))
    for m in sets[0].niwae if sets else ():
        values = (f"{report.niwae[m]:.2f} ± {report.niwae_se[m]:.2f}" for report in sets)
        table.add_row(f"negative IWAE-{m}", *values)
    return table
