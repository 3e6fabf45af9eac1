"""Jinja templates that stand as files beside the code that fills them."""

from functools import cache
from pathlib import Path

from jinja2 import Environment, StrictUndefined, Template

__all__ = ["template"]

_ENVIRONMENT = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


@cache
def template(file: Path) -> Template:
    """The template in this file, read once. What fills it is escaped; a place that nothing fills raises an error."""
    return _ENVIRONMENT.from_string(file.read_text("utf-8"))
