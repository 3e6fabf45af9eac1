"""Every page, seen once: in both themes, on a wide screen, a narrow one and a phone."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.axe import faults
from tests.browser.conftest import SHOTS, Server, await_rest, opener

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
    "check-sheet": "check_sheet",
    "elbo": "elbo?elbo-all=true",
    "iwae": "iwae?iwae-all=true",
}
SHOWN = "[class*='st-key-pixels-'] img:visible, canvas.grids:visible, [class*='st-key-sheet-'] table"
WIDE, NARROW, PHONE = 1440, 900, 390
CUT = """() => [...document.querySelectorAll('.katex-display, h1, h2, h3, [data-testid=stMetricValue]')]
    .filter(node => node.offsetParent && node.scrollWidth > node.clientWidth + 2)
    .map(node => node.textContent.slice(0, 40))"""
NAMELESS = """() => [...document.querySelectorAll('main input, main button, main img')]
    .filter(node => node.checkVisibility({ visibilityProperty: true }) && node.getClientRects().length)
    .filter(node => node.tagName === 'IMG' ? !node.alt
        : !(node.getAttribute('aria-label') || node.textContent.trim() || node.labels?.[0]?.textContent))
    .map(node => node.outerHTML.slice(0, 200))"""
View = tuple[bool, int]  # whether dark, and how wide


@dataclass
class Seen:
    """What a look at a page found, view by view."""

    nameless: list[str] = field(default_factory=list)
    exceptions: int = 0
    faults: dict[View, list[str]] = field(default_factory=dict)
    cut: dict[View, list[str]] = field(default_factory=dict)
    too_wide: list[View] = field(default_factory=list)
    papers: set[str] = field(default_factory=set)


@pytest.fixture(scope="module", params=PAGES)
def seen(request: pytest.FixtureRequest, server: Server, browser: Browser) -> Iterator[Seen]:
    """A walk around a page; leaves pictures in tests/browser/shots, for a person to look at."""
    with opener(browser) as open_page:
        page = open_page(f"{server.url}/{PAGES[request.param]}")
        page.locator(SHOWN).first.wait_for()
        await_rest(page)
        found = Seen(page.evaluate(NAMELESS), page.get_by_test_id("stException").count())
        for dark in (False, True):
            page.emulate_media(color_scheme="dark" if dark else "light", reduced_motion="reduce")
            for width in (WIDE, NARROW, PHONE):
                look(page, found, (dark, width), f"{request.param}-{width}-{'dark' if dark else 'light'}.png")
            found.papers.add(page.evaluate("getComputedStyle(document.querySelector('.stApp')).backgroundColor"))
        yield found


def look(page: Page, found: Seen, view: View, shot: str) -> None:
    width = view[1]
    page.set_viewport_size({"width": width, "height": 1000})
    await_rest(page)
    if width in (WIDE, PHONE):
        found.faults[view] = faults(page)
    if width in (WIDE, NARROW):
        found.cut[view] = page.evaluate(CUT)
        if not page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"):
            found.too_wide.append(view)
        SHOTS.mkdir(exist_ok=True)
        height = page.evaluate("document.querySelector('[data-testid=stMainBlockContainer]').scrollHeight")
        page.set_viewport_size({"width": width, "height": min(int(height) + 80, 4000)})
        await_rest(page)
        page.screenshot(path=SHOTS / shot)


def test_nothing_is_cut_off(seen: Seen) -> None:
    assert {view: texts for view, texts in seen.cut.items() if texts} == {}
    assert seen.too_wide == []
    assert len(seen.cut) == 4
    assert len(seen.papers) == 2  # both themes were seen


def test_every_control_has_a_name(seen: Seen) -> None:
    assert seen.nameless == []
    assert seen.exceptions == 0


def test_nothing_serious_keeps_anybody_out(seen: Seen) -> None:
    """By axe-core's rules, wide and on a phone."""
    assert {view: each for view, each in seen.faults.items() if each} == {}
    assert len(seen.faults) == 4
