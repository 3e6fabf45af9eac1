import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server
from training.system.folders import PROJECT


@pytest.mark.usefixtures("quiet_machine")
def test_first_digits_come_soon_after_the_server_is_up(fresh_server: Server, open_page: Callable[..., Page]) -> None:
    began = time.monotonic()
    page = open_page(fresh_server.url)
    digits = page.locator("img[alt^='200 handwritten digits']:visible")
    digits.wait_for()
    assert digits.evaluate("image => image.decode().then(() => image.naturalWidth)") == 560
    assert time.monotonic() - began < 5  # seconds; alone on two cores it takes under two


@pytest.mark.parametrize(
    ("path", "title"), [("samples", "Samples"), ("train", "Train"), ("bounds", "Bounds"), ("runs", "Runs")]
)
def test_a_link_to_a_page_opens_it_on_a_fresh_server(
    fresh_server: Server, open_page: Callable[..., Page], path: str, title: str
) -> None:
    page = open_page(f"{fresh_server.url}/{path}")
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    reached_by_links = {"source"}
    scripts = {script.stem for script in (PROJECT / "pages").glob("*.py")} | {"check_sheet"}  # others are in groups
    expect(page.get_by_test_id("stTopNavLink")).to_have_count(len(scripts - {"__init__"} - reached_by_links))
    expect(page.get_by_test_id("stTopNavSection")).to_have_text(["Theory", "Class"])
    expect(page.get_by_text("Page not found")).to_have_count(0)
    expect(page.get_by_test_id("stException")).to_have_count(0)
