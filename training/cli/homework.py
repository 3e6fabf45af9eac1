"""Commands for the homework as a whole: its report, and how near each answer comes."""

from pathlib import Path
from typing import Annotated, get_args

import typer

from training.cli.console import errors, interruptible, progress
from training.system.errors import UserError
from training.system.files import replace_file

__all__ = ["report"]


def report(
    out: Annotated[Path, typer.Option(help="The file to write: its suffix says whether HTML or PDF.")],
    use: Annotated[
        list[str] | None,
        typer.Option(help="A model of yours in place of a shipped one: vae=runs/mine, ssvae=model.pt; several times."),
    ] = None,
    digit: Annotated[int, typer.Option(min=0, max=9, help="Whose test image the derivations are computed for.")] = 3,
) -> None:
    """Write the homework's report, whole: numbers, pictures, curves, derivations with their numbers."""
    from training.checkpoints.reading import load_checkpoint
    from training.cluster.in_order import own_cores
    from training.homework.report import Format, Measuring, write_report
    from training.system.device import prepare_thread

    named: Format | None = next((each for each in get_args(Format) if out.suffix.lower() == f".{each}"), None)
    if named is None:
        raise UserError(f"A report is written as .html or .pdf, and {out.name!r} is neither.")
    own = {}
    for text in use or []:
        preset, equals, path = text.partition("=")
        if not (preset and equals and path):
            raise UserError(f"A model of yours is written preset=PATH, such as vae=runs/mine, and {text!r} is not.")
        own[preset] = load_checkpoint(Path(path))
    prepare_thread()
    with progress() as bar, interruptible() as interrupted:
        task = bar.add_task("report", total=1.0)

        def show(fraction: float, doing: str) -> None:
            bar.update(task, completed=fraction, description=doing)

        content = write_report(own, named, digit=digit, how=Measuring(show, interrupted, own_cores()))
    try:
        replace_file(out, content)
    except OSError as error:
        raise UserError(f"{out} cannot be written ({error.strerror}): choose another place with --out.") from error
    errors.print(f"{out}: {len(content) / 1e6:.1f} MB.")
