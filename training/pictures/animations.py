"""Kept pictures of trainings as one animation, the runs beside each other. Light (no torch)."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from PIL import Image, ImageDraw, ImageFont

__all__ = ["Frame", "animation"]

MOST_ACROSS = 4
TILE = 360  # the widest that a run's pictures are drawn, in pixels
GAP, LINE = 10, 20
MOST_PIXELS = 4_000_000  # of a kept picture: a larger one is not one of ours
FRAME_MS, LAST_MS = 120, 1500
PAPER, INK = "#ffffff", "#1c2030"


class Frame(NamedTuple):
    """One step, and each run's picture at it; None where a run has none yet."""

    step: int
    files: Sequence[Path | None]


def animation(titles: Sequence[str], frames: Sequence[Frame], kind: Literal["gif", "webp"]) -> bytes:
    """An endless animation, the last frame longer than the others.

    Arguments:
        titles: what each run is called, in the order of every frame's files.
    """
    sizes = [_size([frame.files[place] for frame in frames]) for place in range(len(titles))]
    drawn = [_drawn(titles, frame, sizes) for frame in frames]
    times = [FRAME_MS] * (len(drawn) - 1) + [LAST_MS]
    buffer = io.BytesIO()
    how = {"save_all": True, "append_images": drawn[1:], "duration": times, "loop": 0}
    if kind == "gif":
        drawn[0].save(buffer, format="gif", **how)
    else:
        drawn[0].save(buffer, format="webp", **how, quality=80, method=2)
    return buffer.getvalue()


def _size(files: Sequence[Path | None]) -> tuple[int, int]:
    """How large a run's pictures are drawn."""
    for file in files:
        if file is not None and (image := _opened(file)) is not None:
            width, height = image.size
            share = min(1.0, TILE / width)
            return round(width * share), round(height * share)
    return TILE, TILE // 2


def _opened(file: Path) -> Image.Image | None:
    """The picture in a file; None where there is none that can be one of a training's."""
    try:
        with Image.open(file) as image:
            return image.convert("RGB") if image.width * image.height <= MOST_PIXELS else None
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


def _drawn(titles: Sequence[str], frame: Frame, sizes: Sequence[tuple[int, int]]) -> Image.Image:
    across = min(MOST_ACROSS, len(titles))
    rows = [range(start, min(start + across, len(titles))) for start in range(0, len(titles), across)]
    widest = max(width for width, _ in sizes)
    tall = [max(sizes[place][1] for place in row) + LINE + GAP for row in rows]
    paper = Image.new("RGB", (across * (widest + GAP) + GAP, sum(tall) + LINE + 2 * GAP), PAPER)
    pen, font = ImageDraw.Draw(paper), ImageFont.load_default(14)
    pen.text((GAP, GAP), f"step {frame.step:,}", INK, font=font)
    top = LINE + GAP
    for row, height in zip(rows, tall, strict=True):
        for column, place in enumerate(row):
            left = GAP + column * (widest + GAP)
            pen.text((left, top), _fitting(titles[place], widest, font), INK, font=font)
            file = frame.files[place]
            image = None if file is None else _opened(file)
            if image is not None:
                paper.paste(image.resize(sizes[place], Image.Resampling.LANCZOS), (left, top + LINE))
        top += height
    return paper


def _fitting(title: str, width: int, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> str:
    """As much of a title as fits."""
    shown = title
    while font.getlength(shown) > width and len(shown) > 2:
        shown = shown[:-2].rstrip("…") + "…"
    return shown
