"""Pictures that ship with a model, so that a page has something to show before torch is even loaded."""

from pathlib import Path
from typing import Any

from models.contract import Classifier, Mixture, NormalPrior, role
from models.registry import PRESETS
from training.checkpoints.reading import load_checkpoint
from training.data.datasets import load_dataset
from training.pictures import grids as pictures
from training.pictures.analogies import draw_analogies
from training.pictures.mixture import draw_components, usage
from training.system.files import replace_file

__all__ = ["ROWS", "SAMPLES_A_ROW", "write_first_pictures"]

MOVING_FRAMES = 40
FIRST = next(iter(PRESETS))  # the model of the first page
ROWS = 10
SAMPLES_A_ROW = 20


def write_first_pictures(folder: Path) -> None:
    """Draw them from the weights in a folder, and keep them there.

    samples.png   200 images from the prior, seed 0
    samples.webp  the same, wandering through a standard normal prior (VAE)
    components.png  a row of samples for each of the ten components that explain most test images, and how many each
        of all components explains (GMVAE)
    analogies.png   a column for each of 20 codes, a row for each label (SSVAE)

    Raises:
        UserError: there are no weights, or the images that a GMVAE learned from are not on disk.
    """
    checkpoint = load_checkpoint(folder)
    model = checkpoint.model
    facts = {"model": folder.name, "seed": 0}

    def keep(name: str, tiles: Any, **more: object) -> None:
        replace_file(folder / name, pictures.png_bytes(pictures.grid(tiles), **facts, **more))

    keep("samples.png", pictures.draw_samples(model), kind="means")
    if folder.name == FIRST and role(model, NormalPrior) is not None:  # fair for a standard normal prior alone
        replace_file(folder / "samples.webp", pictures.moving_samples(model, frames=MOVING_FRAMES))
    if (mixture := role(model, Mixture)) is not None:
        data = load_dataset(checkpoint.data)
        counts = usage(mixture, data.held_out(len(data.test)))
        most = counts.argsort(descending=True, stable=True)[:ROWS].tolist()
        use = ",".join(map(str, counts.tolist()))
        keep("components.png", draw_components(mixture, most, SAMPLES_A_ROW), use=use)
    if (classifier := role(model, Classifier)) is not None:
        keep("analogies.png", draw_analogies(classifier, SAMPLES_A_ROW))
