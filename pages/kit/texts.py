"""The longer texts of pages: Markdown files beside their scripts."""

import re
from pathlib import Path

from training.system.templates import template

__all__ = ["page_text"]


def page_text(script: str, name: str | None = None, **words: str | bool) -> dict[str, str]:
    """The sections of the text beside a script, by their headings; the lines of a paragraph are joined.

    Arguments:
        script: the script's own `__file__`.
        name: of the text's file, without its suffix; the script's own if not given.
        words: what fills the places that the text leaves open, `{{ so }}`; every one must be filled.
    """
    beside = Path(script)
    written = template(beside.with_name(f"{name or beside.stem}.md")).render(words)
    sections = re.split(r"^## (.+)$", written, flags=re.MULTILINE)[1:]
    return {
        heading: re.sub(r"(?<!\n)\n(?!\n)", " ", text.strip())
        for heading, text in zip(sections[::2], sections[1::2], strict=True)
    }
