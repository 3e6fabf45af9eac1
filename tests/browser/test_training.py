import re
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server
from tests.patience import PATIENCE

CHART = ".st-key-chart-nelbo svg.marks"
LINES = ".st-key-chart-nelbo svg.marks .mark-line path"
DIMMED = """[...document.querySelectorAll(".st-key-ticking-figures [data-testid='stElementContainer']")]
    .filter(node => getComputedStyle(node).opacity < 1).length"""


STEP = re.compile(r"step ([1-9][\d,]*) of")


def step_of(page: Page) -> int:
    """The step that the page says it is at; waits out the seconds in which a training loads PyTorch."""
    panel = page.get_by_test_id("stProgress")
    expect(panel).to_contain_text(STEP)
    found = STEP.search(panel.inner_text())
    assert found
    return int(found[1].replace(",", ""))


@pytest.mark.usefixtures("machine_at_hand")
def test_a_training_lives_in_the_page(fresh_server: Server, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{fresh_server.url}/train")
    steps = page.get_by_role("spinbutton", name="Steps")
    steps.fill("200000")
    steps.press("Tab")
    page.get_by_role("button", name="Start training").click()
    page.get_by_role("button", name="Stop", exact=True).wait_for()
    page.wait_for_url(re.compile(r"run=vae-"))
    first_step = step_of(page)
    page.get_by_alt_text("digits from the same noise at step").wait_for()  # so the charts are the run's own, too
    page.locator(LINES).first.wait_for(state="attached")
    address = page.url

    page.evaluate(f"window.chart = document.querySelector('{CHART}')")
    length = (
        "Math.max(...[...document.querySelectorAll('"
        + LINES
        + "')].map(path => (path.getAttribute('d') || '').length))"
    )
    before = page.evaluate(length)
    ticks = 0
    seen = first_step
    deadline = time.monotonic() + PATIENCE
    while ticks < 10 and time.monotonic() < deadline:
        page.wait_for_timeout(500)
        assert page.evaluate(DIMMED) == 0
        if (now := step_of(page)) != seen:
            seen, ticks = now, ticks + 1
    assert ticks == 10
    assert page.evaluate("document.contains(window.chart)"), "the chart was torn down by a tick"
    assert page.evaluate(length) > before, "the curve did not grow"
    expect(page.locator(".st-key-pixels-grid img")).to_be_visible()
    expect(page.get_by_test_id("stException")).to_have_count(0)

    page.reload()
    page.get_by_role("button", name="Stop", exact=True).wait_for()
    run = re.search(r"train-run=[\w-]+", address)
    assert run
    assert run[0] in page.url  # by now followed by what the run changed in its recipe
    assert step_of(page) >= seen

    second = page.context.new_page()  # another tab of the same visitor
    second.goto(f"{fresh_server.url}/train")
    second.get_by_role("button", name="Stop", exact=True).wait_for()
    second.wait_for_url(re.compile(run[0]))

    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_text("Stopped at step")).to_be_visible()
    expect(second.get_by_text("Stopped at step")).to_be_visible()

    page.get_by_role("link", name="Sample from it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Samples")
    expect(page.locator(".st-key-pixels-samples img")).to_be_visible()
    assert "samples-checkpoint=run+vae-" in page.url


@pytest.mark.usefixtures("machine_at_hand")
def test_the_keyboard_alone_can_start_and_stop(fresh_server: Server, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{fresh_server.url}/train")
    start = page.get_by_role("button", name="Start training")
    start.wait_for()
    expect(start).to_be_enabled()
    start.focus()
    page.keyboard.press("Enter")
    stop = page.get_by_role("button", name="Stop", exact=True)
    stop.wait_for()
    stop.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Stopped at step")).to_be_visible()
