"""Commands that get data."""

from typing import Annotated

import typer

from training.cli.console import errors, interruptible, progress
from training.data.registry import DATA_SETS, data_set
from training.system.errors import Cancelled, UserError

__all__ = ["download"]

FETCHED = [data for data in DATA_SETS.values() if data.download is not None]


def download(
    name: Annotated[
        str,
        typer.Argument(
            metavar="DATA",
            help=f"{', '.join(f'{data.name} ({data.download_bytes / 1e6:.0f} MB)' for data in FETCHED)}.",
        ),
    ] = FETCHED[0].name,
) -> None:
    """Download a data set into the data folder, checking its digests."""
    from training.data.datasets import load_dataset
    from training.system.errors import one_of
    from training.system.folders import data_folder

    source = data_set(name)
    if source.download is None:
        fetched = [each.name for each in FETCHED]
        raise UserError(f"The {source.title} comes with the app: to download, choose {one_of(fetched)}.")
    with progress() as bar, interruptible() as interrupted:
        task = bar.add_task(source.title, total=1.0)

        def show(fraction: float) -> None:
            if interrupted():
                raise Cancelled
            bar.update(task, completed=fraction)

        source.download(show)
    load_dataset(source.name)
    errors.print(f"The full {source.title} is in {data_folder()}. {source.licence}")
