from collections.abc import Callable
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server

PICTURE = ".st-key-pixels-samples img"


def test_a_control_changes_picture_and_address_and_the_address_brings_it_back(
    server: Server, open_page: Callable[..., Page]
) -> None:
    page = open_page(f"{server.url}/samples")
    page.locator(PICTURE).wait_for()
    before = page.locator(PICTURE).get_attribute("src")
    page.get_by_role("radio", name="Binary").click()
    expect(page.locator(PICTURE)).not_to_have_attribute("src", str(before))
    page.wait_for_url("**/samples?samples-kind=Binary")
    alt = page.locator(PICTURE).get_attribute("alt")

    again = open_page(page.url)
    expect(again.locator(PICTURE)).to_have_attribute("alt", str(alt))
    assert "binary samples" in str(alt)


def test_the_picture_can_be_downloaded(server: Server, open_page: Callable[..., Page], tmp_path: Path) -> None:
    page = open_page(f"{server.url}/samples?seed=7")
    page.locator(PICTURE).wait_for()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download PNG").click()
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    assert file.name == "shipped-vae-means-seed7-t1.png"
    with Image.open(file) as image:
        assert image.size == (560, 280)
        assert image.text["seed"] == "7"  # type: ignore[attr-defined]


def test_a_junk_address_opens_at_the_defaults(server: Server, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{server.url}/samples?seed=1e400&kind=&temperature=x&checkpoint=..%2F..&foo=%00")
    page.locator(PICTURE).wait_for()
    assert "shipped vae" in str(page.locator(PICTURE).get_attribute("alt"))
    expect(page.get_by_test_id("stException")).to_have_count(0)
