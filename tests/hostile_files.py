"""Files of weights that are broken or mean harm, by the hundred: made in a few seconds, alike every time."""

import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import safetensors.torch

from models.vae import FAMILY, VAEConfig
from tests.hostile.containers import CONTAINERS, in_run_folder
from tests.hostile.damaged_files import damaged_files, other_files
from tests.hostile.harmful_pickles import exhausting_pickles, harmful_pickles
from tests.hostile.lying_headers import lying_headers
from tests.hostile.lying_tensors import lying_tensors, odd_tensors, saved
from tests.hostile.lying_zips import lying_zips
from tests.hostile.running_pickles import running_pickles

__all__ = ["KINDS", "hostile_files", "kind_of", "whole_files"]

KINDS = ("runs", "pickle", "busy", "lie", "odd", "header", "archive", "damage", "other")
SUFFIXES = {"zip": "pt", "old": "pth", "run": "zip", "bare": "bin"}


def whole_files(*, missing: str = "") -> dict[str, bytes]:
    """The same small VAE in every format that is read; `missing` is left out of it."""
    state = FAMILY.fresh(VAEConfig(z=5, hidden=(11, 13), pixels=16), seed=0).state_dict()
    state = {name: value for name, value in state.items() if name != missing}
    plain = safetensors.torch.save(state, metadata={"family": "vae", "step": "7"})
    return {
        "zip": saved(state),
        "old": saved(state, old=True),
        "safetensors": plain,
        "run": in_run_folder(plain),
        "wrapped": saved({"epoch": 3, "state_dict": {f"module.{name}": value for name, value in state.items()}}),
    }


def hostile_files(marker: Path, bait: Path) -> Iterator[tuple[str, bytes]]:
    """Names and contents of distinct files, each of which must end in a refusal.

    The names open with one of KINDS, and end as the app's uploader wants it.

    Arguments:
        marker: what any code in them would create.
        bait: a folder with what `lay_bait` put there.
    """
    seen = set()
    for name, content in _all(marker, bait):
        if (known := (len(content), zlib.crc32(content))) not in seen:
            seen.add(known)
            yield name, content


def kind_of(name: str) -> str:
    """The kind in a file's name."""
    return name.partition("-")[0]


def _all(marker: Path, bait: Path) -> Iterator[tuple[str, bytes]]:
    whole = whole_files(missing="dec.net.4.bias")  # so that none of them is a model after all
    pickles, harmful = running_pickles(marker, bait), harmful_pickles()
    for container, wrap in CONTAINERS.items():
        suffix = SUFFIXES[container]
        yield from _named(f"runs-{container}", suffix, {n: wrap(p) for n, p in pickles.items()})
        if container in ("zip", "old"):
            yield from _named(f"pickle-{container}", suffix, {n: wrap(p) for n, p in harmful.items()})
    yield from _named("busy-zip", "pt", {n: CONTAINERS["zip"](p) for n, p in exhausting_pickles().items()})
    yield from _named("lie", "pt", lying_tensors())
    yield from _named("odd", "ckpt", odd_tensors())
    yield from _named("header", "safetensors", lying_headers())
    yield from _named("header-run", "zip", {n: in_run_folder(h) for n, h in list(lying_headers().items())[::3]})
    yield from _named("archive", "zip", lying_zips(whole["safetensors"], marker))
    yield from _named("damage", "pt", damaged_files(whole))
    yield from _named("other", "bin", other_files())


def _named(prefix: str, suffix: str, files: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    for name, content in files.items():
        yield f"{prefix}-{name}.{suffix}", content
