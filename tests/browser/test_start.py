"""After Start the visitor sees what was started: how far it is and its pictures, without a turn of the wheel."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server


@pytest.mark.usefixtures("machine_at_hand")
@pytest.mark.parametrize(("width", "height"), [(1440, 900), (390, 844)])
def test_progress_and_pictures_are_in_view(
    fresh_server: Server, open_page: Callable[..., Page], width: int, height: int
) -> None:
    page = open_page(f"{fresh_server.url}/train?train-steps-vae=200000", width=width, height=height)
    start = page.get_by_role("button", name="Start training")
    expect(start).to_be_enabled()
    start.click()
    grid = page.get_by_alt_text("digits from the same noise at step")
    grid.wait_for()
    page.locator("[data-testid=stStatusWidget]").wait_for(state="hidden")
    for seen in (page.get_by_test_id("stProgress"), page.get_by_role("button", name="Stop", exact=True), grid):
        expect(seen).to_be_in_viewport(ratio=0.95)
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_text("Stopped at step")).to_be_visible()
