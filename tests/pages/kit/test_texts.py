from pathlib import Path

import pytest
from jinja2 import UndefinedError

from pages.kit.frame import ANSWER, NOTES
from pages.kit.texts import page_text
from training.system.folders import PROJECT

TEXTS = sorted((PROJECT / "pages").rglob("*.md"))


def test_sections_come_by_their_headings_with_joined_lines_and_filled_places(tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text("## One\n\nA {{ noun }}\nhas $z$ < 3.\n\nIts end.\n\n## Two\n\nLast.\n", "utf-8")
    script = str(tmp_path / "page.py")
    assert page_text(script, noun="<digit>") == {"One": "A <digit> has $z$ < 3.\n\nIts end.", "Two": "Last."}
    with pytest.raises(UndefinedError, match="noun"):
        page_text(script)


@pytest.mark.parametrize("file", TEXTS, ids=lambda file: file.stem)
def test_every_text_stands_beside_a_script_that_reads_it_and_has_all_notes(file: Path) -> None:
    scripts = [script.read_text("utf-8") for script in file.parent.glob("*.py")]
    own = file.with_suffix(".py")
    name = file.stem.rpartition("-")[0] or file.stem
    assert any(f'"{file.stem}"' in text or f'f"{name}-{{' in text for text in scripts) or (
        own.exists() and "page_text(__file__" in own.read_text("utf-8")
    )
    sections = file.read_text("utf-8")
    assert [title for title in (*NOTES, ANSWER) if f"## {title}\n" in sections] == [*NOTES, ANSWER]
