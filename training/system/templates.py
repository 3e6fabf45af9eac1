"""Jinja templates that stand as files beside the code that fills them."""

from functools import cache
from pathlib import Path

from jinja2 import Environment, StrictUndefined, Template

__all__ = ["template"]

_ENVIRONMENT = Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
_OF_HTML = _ENVIRONMENT.overlay(autoescape=True)


@cache
def template(file: Path) -> Template:
    """The template in this file, read once; a place that nothing fills raises an error. What fills HTML is escaped."""
    environment = _OF_HTML if file.suffix == ".html" else _ENVIRONMENT
    return environment.from_string(file.read_text("utf-8"))
