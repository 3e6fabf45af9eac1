"""Texts use the field's own terms, and one word for one thing."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.registry import FAMILIES
from training.system.folders import PROJECT

INSTEAD = {
    r"(?<!\bat )\bprices?\b|\bdear(?:er)?\b|\bcheap(?:er|est)?\b|\bcostl(?:y|iest)\b|\bcosts? more\b": "KL weight, KL",
    r"\btold\b|\btells? (?:more|less)\b": "given, takes the digit, says",
    r"\bheld (?:against|beside)\b|\b(?:laid|lay) (?:beside|side by side)\b": "compared with",
    r"\bhand(?:s|ed|ing)? (?:\w+ ){0,2}in\b": "upload",
    r"\brungs?\b": "bound",
    r"\bwalks\b|\bwalks? (?:through|between|in)\b": "path, interpolation",
    r"\b(?:its|the|a) readers?\b": "classifier, visitor",
    r"\bdrawn again\b": "reconstructed",
    r"\bcourse key\b": "reference solution",
    r"\bgo(?:es)? on with\b|\bbroke off\b": "resume, interrupted",
    r"\bnats closed\b": "gap closed",
    r"\bstill to come\b": "remainder, at least",
    r"\bweight lies\b": "importance weights",
    r"\btaken for\b": "predicted as",
    r"\bthe hand\b": "handwriting, style",
    r"\btorn\b": "damaged",
    r"\bwho has no\b": "without",
    r"\bwhose digit\b": "which component made",
    r"\bgives? (?:it )?away\b": "shows",
    r"\bmixes two runs\b": "two evaluations",
    r"\bcapacity the model never needed\b": "unused components show nothing of the kind",
}
BANNED = {re.compile(words, re.IGNORECASE): instead for words, instead in INSTEAD.items()}
DOCUMENTS = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "models/README.md")
PAGES, NOTES, CHAPTERS = (sorted((PROJECT / "pages").rglob(f"*.{suffix}")) for suffix in ("py", "md", "toml"))
TEXTS = [*NOTES, *CHAPTERS]
OTHERS = [PROJECT / "app.py", *sorted((PROJECT / "models").rglob("*.py"))]
SENTENCES = [
    path
    for folder in ("cli", "data", "diagnosis", "release", "runs", "system")
    for path in sorted((PROJECT / "training" / folder).rglob("*.py"))
]


def named(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix()


def found_in(text: str) -> list[str]:
    text = " ".join(text.split())
    return [f"{hit[0]!r}: say {instead}" for words, instead in BANNED.items() for hit in words.finditer(text)]


def literals(file: Path) -> Iterator[str]:
    """Every text of a module, docstrings too; the fixed parts of an f-string are one text."""
    tree = ast.parse(file.read_bytes())
    inner = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "{}".join(str(part.value) for part in node.values if isinstance(part, ast.Constant))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inner:
            yield node.value


@pytest.mark.parametrize("file", [*(PROJECT / name for name in DOCUMENTS), *TEXTS], ids=named)
def test_a_document_uses_the_fields_terms(file: Path) -> None:
    assert found_in(file.read_text("utf-8")) == []


@pytest.mark.parametrize("file", [*PAGES, *OTHERS, *SENTENCES], ids=named)
def test_the_texts_of_a_module_use_the_fields_terms(file: Path) -> None:
    assert [hit for text in literals(file) for hit in found_in(text)] == []


@pytest.mark.parametrize("text", ["The price of a nat.", "It is\ndrawn again.", "Hand your file in!", "A torn file."])
def test_a_banned_word_is_found_across_lines_and_a_right_one_is_not(text: str) -> None:
    assert len(found_in(text)) == 1
    assert found_in("The held-out images are reconstructed at a large KL weight.") == []


@pytest.mark.parametrize("name", FAMILIES)
def test_what_a_family_says_of_terms_for_all_images_names_no_kind_of_image(name: str) -> None:
    """One text serves digits and garments: it speaks of images, or of a data set by its name."""
    family = FAMILIES[name]
    if family.images != "binary":
        return
    for term in family.terms:
        for text in (term.help_for(family.images), term.chart_title):
            assert not re.search(r"\b(?:digits?|garments?|house numbers?)\b", text), (term.name, text)
