"""Hostile files by the hundred through the app's own uploader: a sentence each, and nothing else happens."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.browser.conftest import Server
from tests.hostile.door import LONGEST_SENTENCE
from tests.hostile.running_pickles import lay_bait
from tests.hostile_files import KINDS, hostile_files, kind_of

EVERY = 5  # of more than a thousand files: a part of every kind, and over two hundred in all
AT_ONCE = 25
LARGEST = 10**6  # bytes; the few that are larger only take longer to hand in


@pytest.fixture
def watched_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server whose temporary files go into a folder of its own."""
    (tmp_path / "temp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temp"))
    server = Server(tmp_path)
    yield server
    server.stop()


def some_hostile_files(folder: Path) -> list[FilePayload]:
    """Every fifth hostile file, one at least of every kind, and all whose tensors have odd names."""
    lay_bait(folder / "bait", folder / "it-ran")
    small = [file for file in hostile_files(folder / "it-ran", folder / "bait") if len(file[1]) < LARGEST]
    chosen: list[FilePayload] = [
        {"name": name, "mimeType": "application/octet-stream", "buffer": content}
        for place, (name, content) in enumerate(small)
        if place % EVERY == 0 or "-name-" in name  # names of tensors are what a page shows of a file
    ]
    assert len(chosen) >= 200
    assert {kind_of(file["name"]) for file in chosen} == set(KINDS)
    return chosen


def upload(page: Page, files: list[FilePayload]) -> list[str]:
    """Hand files in as a visitor does; what the app says of them."""
    page.get_by_role("button", name="Your own weights").click()
    page.locator("input[type=file]").set_input_files(files)
    page.get_by_test_id("stFileChip").first.wait_for()
    page.get_by_role("button", name="Read them").click()
    said = page.get_by_test_id("stAlertContentError")
    expect(said).to_have_count(len(files))
    return said.get_by_test_id("stMarkdownContainer").all_inner_texts()


@pytest.mark.usefixtures("machine_at_hand")
def test_hundreds_of_hostile_files_are_a_sentence_each(
    watched_server: Server, open_page: Callable[..., Page], tmp_path: Path
) -> None:
    chosen = some_hostile_files(tmp_path)
    for start in range(0, len(chosen), AT_ONCE):  # each by a visitor of its own
        files = chosen[start : start + AT_ONCE]
        page = open_page(f"{watched_server.url}/samples")
        said = upload(page, files)
        for file, sentence in zip(files, said, strict=True):
            assert sentence.startswith(Path(file["name"]).stem), sentence
            assert sentence.endswith("."), sentence
            assert sentence.count("\n") == 0, sentence
            assert len(sentence) <= LONGEST_SENTENCE, sentence
            assert "Traceback" not in sentence
            assert str(tmp_path) not in sentence
        expect(page.get_by_test_id("stException")).to_have_count(0)
        assert not (tmp_path / "it-ran").exists()
        page.close()
    assert [path for path in (tmp_path / "temp").rglob("*") if not path.is_dir()] == []

    page = open_page(f"{watched_server.url}/samples")  # it still answers
    page.locator("[class*='st-key-pixels-'] img:visible").first.wait_for()
