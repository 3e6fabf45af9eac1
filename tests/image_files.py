"""Pictures that a test finds on disk."""

from pathlib import Path

from PIL import Image

__all__ = ["read_image"]


def read_image(path: Path) -> Image.Image:
    """The whole picture, with its file closed again."""
    with Image.open(path) as image:
        image.load()
        return image
