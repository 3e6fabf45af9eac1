from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import SHOTS, Server

PAGES = {
    "home": "",
    "samples": "samples",
    "train": "train",
    "runs": "runs",
    "beta": "beta?guess=1",
    "mixture": "mixture?guess=more",
    "bounds": "bounds?guess=1+to+5",
    "labels": "labels?guess=70+to+80",
    "style": "style?guess=over+90",
    "clinic": "clinic",
}


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_cut_off(server: Server, open_page: Callable[..., Page], name: str) -> None:
    """Wide and narrow, light and dark; leaves pictures in tests/browser/shots, for a person to look at."""
    page = open_page(f"{server.url}/{PAGES[name]}")
    page.locator("h1").wait_for()
    page.locator("[class*='st-key-pixels-'] img:visible, canvas.grids:visible").first.wait_for()
    page.locator("[data-testid=stStatusWidget]").wait_for(state="hidden")  # the page has run to its end
    papers = set()
    for dark in (False, True):
        page.emulate_media(color_scheme="dark" if dark else "light", reduced_motion="reduce")
        for width in (1440, 900):
            page.set_viewport_size({"width": width, "height": 1000})
            page.wait_for_timeout(1500)
            overflow = page.evaluate(
                """() => [...document.querySelectorAll('.katex-display, h1, h2, h3, [data-testid=stMetricValue]')]
                .filter(node => node.offsetParent && node.scrollWidth > node.clientWidth + 2)
                .map(node => node.textContent.slice(0, 40))"""
            )
            assert overflow == []
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
            SHOTS.mkdir(exist_ok=True)
            height = page.evaluate("document.querySelector('[data-testid=stMainBlockContainer]').scrollHeight")
            page.set_viewport_size({"width": width, "height": min(int(height) + 80, 4000)})
            page.wait_for_timeout(500)
            page.screenshot(path=SHOTS / f"{name}-{width}-{'dark' if dark else 'light'}.png")
        papers.add(page.evaluate("getComputedStyle(document.querySelector('.stApp')).backgroundColor"))
    assert len(papers) == 2  # both themes were seen


NAMELESS = """() => [...document.querySelectorAll('main input, main button, main img')]
    .filter(node => node.checkVisibility({ visibilityProperty: true }) && node.getClientRects().length)
    .filter(node => node.tagName === 'IMG' ? !node.alt
        : !(node.getAttribute('aria-label') || node.textContent.trim() || node.labels?.[0]?.textContent))
    .map(node => node.outerHTML.slice(0, 200))"""


def test_every_control_has_a_name(server: Server, open_page: Callable[..., Page]) -> None:
    for path in PAGES.values():
        page = open_page(f"{server.url}/{path}")
        page.locator("h1").wait_for()
        page.wait_for_timeout(2000)
        assert page.evaluate(NAMELESS) == []
        expect(page.get_by_test_id("stException")).to_have_count(0)
