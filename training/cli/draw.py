"""Commands that draw pictures from a model."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from training.cli.console import CheckpointPath
from training.system.errors import UserError

__all__ = ["Kind", "sample", "swap_command"]


class Kind(StrEnum):
    """What a picture of samples shows."""

    means = "means"
    binary = "binary"


def sample(
    checkpoint: CheckpointPath,
    out: Annotated[Path, typer.Option(help="The PNG to write.")],
    count: Annotated[int, typer.Option(min=1, max=100_000, help="Number of images.")] = 200,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Of the latents.")] = 0,
    kind: Annotated[Kind, typer.Option(help="Bernoulli means, or binary samples.")] = Kind.means,
    temperature: Annotated[float, typer.Option(min=0.0, max=10.0, help="Factor on the prior's deviation.")] = 1.0,
) -> None:
    """Draw images from the prior as one PNG, 20 to a row, with no padding; an FSVAE's rows are digits 0-9."""
    from training.checkpoints.reading import load_checkpoint
    from training.pictures import grids as pictures

    _must_be_png(out)
    loaded = load_checkpoint(checkpoint)
    images = pictures.draw_samples(loaded.model, count, seed=seed, temperature=temperature, kind=kind.value)
    facts = {"checkpoint": loaded.sha256, "seed": seed, "temperature": temperature, "kind": kind.value}
    _write_picture(out, pictures.png_bytes(pictures.grid(images), **facts))


def swap_command(
    checkpoint: CheckpointPath,
    out: Annotated[Path, typer.Option(help="The PNG to write.")],
    styles: Annotated[
        str, typer.Option(help="prior, bank, or numbers of test images in file order: 3,14,15.")
    ] = "prior",
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Of the styles of prior and bank.")] = 0,
) -> None:
    """Draw every digit in every style as one PNG with no padding: a row per digit 0-9, a column per style."""
    from training.checkpoints.reading import load_checkpoint
    from training.pictures import grids as pictures
    from training.pictures.styles import conditional_model, find_styles, swap

    _must_be_png(out)
    loaded = load_checkpoint(checkpoint)
    model = conditional_model(loaded)
    found = find_styles(loaded, styles, seed=seed, model=model).z
    images = pictures.to_uint8(swap(model, found))
    facts = {"checkpoint": loaded.sha256, "styles": styles, "seed": seed}
    _write_picture(out, pictures.png_bytes(pictures.grid(images, columns=len(found)), **facts))


def _must_be_png(out: Path) -> None:
    """Refuse the name of a picture of another kind; a name that is no picture's is the caller's own affair."""
    from PIL import Image

    if Image.registered_extensions().get(out.suffix.lower(), "PNG") != "PNG":
        raise UserError(f"{out} would hold a PNG under another kind's name: end --out with .png.")


def _write_picture(out: Path, png: bytes) -> None:
    from training.system.files import replace_file

    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        replace_file(out, png)
    except OSError as error:
        raise UserError(f"{out} cannot be written ({error.strerror}): choose another --out.") from error
