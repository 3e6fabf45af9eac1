"""Where things live, and their names. Light: no torch."""

import os
from pathlib import Path

__all__ = [
    "PRETRAINED",
    "PROJECT",
    "data_folder",
    "pretrained_names",
    "runs_folder",
    "settings_file",
]

PROJECT = Path(__file__).resolve().parents[2]
PRETRAINED = PROJECT / "pretrained"


def data_folder() -> Path:
    """Where data sets live: $ELBO_LAB_DATA, else `data/` in the project."""
    return Path(os.environ.get("ELBO_LAB_DATA") or PROJECT / "data").expanduser()


def runs_folder() -> Path:
    """Where runs live: $ELBO_LAB_RUNS, else `runs/` in the project."""
    return Path(os.environ.get("ELBO_LAB_RUNS") or PROJECT / "runs").expanduser()


def settings_file() -> Path:
    """What a server's visitors may take of it: $ELBO_LAB_SETTINGS, else `elbo-lab.toml` in the project."""
    return Path(os.environ.get("ELBO_LAB_SETTINGS") or PROJECT / "elbo-lab.toml").expanduser()


def pretrained_names() -> list[str]:
    """Names of the shipped models: the VAE first, the others in alphabetical order."""
    names = [path.parent.name for path in PRETRAINED.glob("*/model.safetensors")]
    return sorted(names, key=lambda name: (name != "vae", name))
