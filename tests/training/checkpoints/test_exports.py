import csv
import io
from html.parser import HTMLParser
from pathlib import Path

import pytest
import safetensors.torch
import torch

from models.registry import FAMILIES, PRESETS, family_of
from tests.small_models import small_model
from training.checkpoints.exports import Figure, Page, as_csv, as_html, as_pt, as_safetensors
from training.checkpoints.reading import load_checkpoint, write_safetensors

ROWS: list[dict[str, str | float | None]] = [
    {"model": "=HYPERLINK(1)", "nelbo": 101.25, "note": "a, b"},
    {"model": "gmvae", "nelbo": None, "niwae_10": -3.5},
]


def test_a_table_as_csv_comes_back_and_holds_no_formula() -> None:
    rows = list(csv.DictReader(io.StringIO(as_csv(ROWS).decode())))
    assert rows == [
        {"model": "'=HYPERLINK(1)", "nelbo": "101.25", "note": "a, b", "niwae_10": ""},
        {"model": "gmvae", "nelbo": "", "note": "", "niwae_10": "-3.5"},
    ]


class Outline(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_a_page_stands_alone_and_shows_hostile_names_as_text() -> None:
    hostile = '<script>alert(1)</script>"><img src=x onerror=y>'
    page = Page(
        hostile, [hostile], {hostile: ROWS, "b": [{hostile: hostile}]}, [Figure(b"\x89PNG", hostile)], [hostile]
    )
    text = as_html(page).decode()
    outline = Outline()
    outline.feed(text)
    outline.close()
    assert outline.open == []
    tags = [tag for tag, _ in outline.tags]
    assert "script" not in tags
    assert tags.count("table") == 2
    assert tags.count("tr") == 3 + 2
    sources = [attributes["src"] for tag, attributes in outline.tags if tag == "img"]
    assert sources == ["data:image/png;base64,iVBORw=="]
    assert "http" not in text
    assert "101.250" in text


@pytest.mark.parametrize("family", FAMILIES)
def test_weights_leave_in_two_formats_and_come_back_bit_for_bit(family: str, tmp_path: Path) -> None:
    model = small_model(family)
    state = model.state_dict()
    write_safetensors(tmp_path / "a.safetensors", state, family=family, config=model.config, step=23)
    source = load_checkpoint(tmp_path / "a.safetensors")
    (tmp_path / "b.safetensors").write_bytes(as_safetensors(source))
    (tmp_path / "c.pt").write_bytes(as_pt(source))
    again, torch_file = load_checkpoint(tmp_path / "b.safetensors"), load_checkpoint(tmp_path / "c.pt")
    assert (again.family.name, again.config, again.step) == (family, model.config, 23)
    assert torch_file.config.likelihood == model.config.likelihood
    raw = torch.load(tmp_path / "c.pt", weights_only=True)
    for name in model.config.free_numbers():
        raw.pop(name, None)
    for other in (again.state, torch_file.state, raw):
        assert list(other) == list(source.state)
        assert all(torch.equal(other[name], value) for name, value in source.state.items())
    assert safetensors.torch.load(as_safetensors(source)).keys() == state.keys()


@pytest.mark.parametrize(
    ("preset", "variance"), [("fsvae", 0.1), ("fsvae", 0.02), ("fsvae-conv", 0.05), ("fsvae-conv", 0.3)]
)
def test_the_variance_of_colours_leaves_with_the_weights(preset: str, variance: float, tmp_path: Path) -> None:
    """No shape tells it, and every NELBO depends on it. With the recipe's own the homework's code loads the file."""
    family, recipe = family_of(preset), PRESETS[preset].model
    config = recipe.model_validate(recipe.model_dump() | {"variance": variance})
    state = family.fresh(config, seed=0).state_dict()
    write_safetensors(tmp_path / "a.safetensors", state, family=family.name, config=config, step=23)
    source = load_checkpoint(tmp_path / "a.safetensors")
    assert not source.assumed
    (tmp_path / "c.pt").write_bytes(as_pt(source))
    again = load_checkpoint(tmp_path / "c.pt")
    assert again.config.likelihood == source.config.likelihood == f"Gaussian colour values of variance {variance:g}"
    own = variance == PRESETS[preset].model.free_numbers()["x_v"]
    assert (torch.load(tmp_path / "c.pt", weights_only=True).keys() == state.keys()) == own
    assert again.assumed == own
