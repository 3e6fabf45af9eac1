"""axe-core's rules on every page, in both themes, wide and on a phone: nothing serious keeps anybody out."""

from collections.abc import Callable
from importlib.resources import files

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Server
from tests.browser.test_looks import PAGES

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
SERIOUS = {"serious", "critical"}
RULES = "async () => (await axe.run({resultTypes: ['violations']})).violations"


def faults(page: Page) -> list[str]:
    """What axe-core calls serious, and headings whose levels leave one out."""
    page.evaluate(AXE)
    return [
        f"{fault['id']}: {node['html'][:200]} {(node.get('failureSummary') or '')[:200]}"
        for fault in page.evaluate(RULES)
        for node in fault["nodes"]
        if fault["impact"] in SERIOUS or fault["id"] == "heading-order"
    ]


def settled(page: Page) -> None:
    page.locator("h1").wait_for()
    page.locator("[data-testid=stStatusWidget]").wait_for(state="hidden")
    page.wait_for_timeout(2500)  # charts fade in


@pytest.mark.parametrize("name", PAGES)
def test_nothing_serious_keeps_anybody_out(server: Server, open_page: Callable[..., Page], name: str) -> None:
    page = open_page(f"{server.url}/{PAGES[name]}")
    settled(page)
    for dark in (False, True):
        page.emulate_media(color_scheme="dark" if dark else "light", reduced_motion="reduce")
        for width in (1440, 390):
            page.set_viewport_size({"width": width, "height": 1000})
            page.wait_for_timeout(1500)
            assert faults(page) == [], (dark, width)
