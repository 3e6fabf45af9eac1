"""Every model family and every preset. A new family is one file and one line here."""

from importlib import import_module

from models.family import Family, Preset

__all__ = ["FAMILIES", "PRESETS", "family_of"]

MODULES = (
    "vae",
    "beta_vae",
    "gmvae",
    "vampprior",
    "ssvae",
    "fsvae",
    "fsvae_conv",
)

_EVERY_FAMILY: list[Family] = [import_module(f"models.{module}").FAMILY for module in MODULES]

FAMILIES: dict[str, Family] = {family.name: family for family in _EVERY_FAMILY}
PRESETS: dict[str, Preset] = {preset.name: preset for family in _EVERY_FAMILY for preset in family.presets}


def family_of(preset: str) -> Family:
    """The family that a preset belongs to.

    Raises:
        KeyError: there is no preset of that name.
    """
    return next(family for family in FAMILIES.values() if PRESETS[preset] in family.presets)
