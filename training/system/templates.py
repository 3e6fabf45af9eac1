"""Jinja templates that stand as files beside the code that fills them."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Environment, Template

__all__ = ["template"]


@cache
def template(file: Path) -> "Template":
    """The template in this file, read once; a place that nothing fills raises an error. What fills HTML is escaped."""
    return _environment(file.suffix in (".html", ".svg")).from_string(file.read_text("utf-8"))


@cache
def _environment(escape: bool) -> "Environment":
    from jinja2 import Environment, StrictUndefined  # a page shows its picture before it needs them

    return Environment(autoescape=escape, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
