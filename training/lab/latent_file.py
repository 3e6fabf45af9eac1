"""What a run wrote of its latent space while it trained, as far as a browser should draw it."""

import json
import math
from pathlib import Path
from typing import Any

from training.system.files import open_plain
from training.system.remembered import Remembered

__all__ = ["Latent", "latent_of"]

# "steps"; at each "kl", of every dimension, and "means", the places of the same images; "labels" of these, or none
Latent = dict[str, list[Any]]
MOST_BYTES = 64 * 2**20
MOST_ROWS, MOST_DIMENSIONS, MOST_MEANS = 200, 512, 250


def latent_of(path: Path) -> Latent | None:
    """The latent space of the run in a folder, step by step; None where it kept nothing that can be read."""
    return _latents(path / "latent.jsonl")


def _read(file: Path) -> Latent | None:
    try:
        with open_plain(file) as opened:
            lines = opened.read(MOST_BYTES).splitlines()
    except OSError:
        return None
    rows = [row for row in map(_row, lines) if row is not None]
    stride = max(1, -(-len(rows) // MOST_ROWS))
    rows = rows[(len(rows) - 1) % stride if rows else 0 :: stride]
    if not rows:
        return None
    steps, kl, means, labels = zip(*rows, strict=True)
    return {"steps": list(steps), "kl": list(kl), "means": list(means), "labels": labels[-1]}


def _row(line: bytes) -> tuple[int, list[float], list[list[float]], list[int]] | None:
    """Step, KL of each dimension, places and labels in a line; None where the line is damaged."""
    try:
        row = json.loads(line)
        step, kl, means = row["step"], row["kl_per_dimension"], row.get("means", [])
        places = [[round(float(x), 2), round(float(y), 2)] for x, y in means[:MOST_MEANS]]
        nats = [round(float(value), 3) for value in kl[:MOST_DIMENSIONS]]
        labels = [int(label) for label in row.get("labels", [])[:MOST_MEANS]]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError):
        return None
    finite = all(map(math.isfinite, [*nats, *(number for place in places for number in place)]))
    return (step, nats, places, labels) if isinstance(step, int) and finite else None


_latents = Remembered(_read, most=24)
