"""How much of a server its visitors may take: `elbo-lab.toml`, whose settings the environment overrides.

Whoever sits at the server's own machine, and every command, is free of these limits.
"""

import os
import tomllib
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from training.system.errors import UserError, explain
from training.system.folders import settings_file
from training.system.remembered import Remembered

__all__ = ["Limits", "OfAWorkspace", "OfTheServer", "limits"]


class OfAWorkspace(BaseModel):
    """What one visitor may take; README has the table.

    Attributes:
        work: weights times steps of one training.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    trainings: int = Field(100, ge=1)
    at_once: int = Field(0, ge=0)
    work: float = Field(1e12, gt=0)
    disk_mb: float = Field(4096, gt=0)
    uploads: int = Field(6, ge=0, le=50)
    measurings: int = Field(3, ge=1)


class OfTheServer(BaseModel):
    """What all visitors together may take, and for how long; 0 days or MB of workspaces: without end."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    trainings: int = Field(500, ge=1)
    measurings: int = Field(40, ge=1)
    free_mb: float = Field(1024, ge=0)
    kept_days: float = Field(180, ge=0)
    workspaces_mb: float = Field(0, ge=0)


class Limits(BaseModel):
    """All of them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    workspace: OfAWorkspace = OfAWorkspace()
    server: OfTheServer = OfTheServer()


def limits() -> Limits:
    """The limits now: a changed file holds at once.

    Raises:
        UserError: the file or a variable says something that cannot be.
    """
    file = settings_file()
    said = _read(file) or {}
    if isinstance(said, str):
        raise UserError(f"{file.name} cannot be read ({said}): put that right.")
    merged = {**said, **{section: {**_table(said, section), **_of_environment(section)} for section in SECTIONS}}
    try:
        return Limits.model_validate(merged)
    except ValidationError as error:
        raise UserError(f"{file.name}, or a variable of the environment: {explain(error)}") from error


SECTIONS: dict[str, type[BaseModel]] = {"workspace": OfAWorkspace, "server": OfTheServer}


def _table(said: dict[str, Any], section: str) -> dict[str, Any]:
    found = said.get(section, {})
    return found if isinstance(found, dict) else {section: found}


def _of_environment(section: str) -> dict[str, str]:
    names = {name: f"ELBO_LAB_{section}_{name}".upper() for name in SECTIONS[section].model_fields}
    return {name: os.environ[variable] for name, variable in names.items() if os.environ.get(variable)}


def _toml(file: Path) -> dict[str, Any] | str:
    """What the file says, or what is wrong with it."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        return " ".join(str(error).split())


_read = Remembered(_toml)
