"""Watches a training in a real browser for a thousand ticks: `python -m tests.live_ticks --ticks 1000 --tabs 4`.

It says how the server's memory went, whether a chart was ever built anew, and what is left once every tab is closed:
threads of the server, and temporary files. It ends with code 1 where memory grew by more than 5 %, a chart was
replaced, or anything was left.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.conftest import FLAGS, Server

MOST_GROWTH = 0.05
WARM = 0.2  # share of the ticks before memory is compared
REST_SECONDS = 150.0  # a server forgets a closed tab after two minutes
CHARTS = '[class*="st-key-chart-"] svg.marks'
WATCH = f"""() => {{
    window.charts = [...document.querySelectorAll('{CHARTS}')]
    window.ticks = 0
    let seen = ""
    setInterval(() => {{
        const now = document.querySelector("[data-testid=stProgress]")?.innerText ?? ""
        if (now !== seen) {{ seen = now; window.ticks += 1 }}
    }}, 50)
    return window.charts.length
}}"""
KEPT = "() => window.charts.filter(each => document.contains(each)).length"


def megabytes(process: int) -> float:
    """Resident memory of a process."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def threads(process: int) -> int:
    return len(list(Path(f"/proc/{process}/task").iterdir()))


def watched(browser: Browser, server: Server, tabs: int) -> list[Page]:
    """A training that lasts, seen in so many tabs of one visitor."""
    context = browser.new_context(viewport={"width": 1440, "height": 1000})
    first = context.new_page()
    first.goto(f"{server.url}/train")
    steps = first.get_by_role("spinbutton", name="Steps")
    steps.fill("1000000")
    steps.press("Tab")
    first.get_by_role("button", name="Start training").click()
    first.get_by_role("button", name="Stop", exact=True).wait_for(timeout=120_000)
    first.wait_for_url("**/train?*run=*")
    pages = [first, *(context.new_page() for _ in range(tabs - 1))]
    for page in pages[1:]:
        page.goto(first.url)
    for page in pages:
        page.locator(CHARTS).nth(1).wait_for(state="attached", timeout=120_000)
        page.wait_for_timeout(3000)
    return pages


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--ticks", type=int, default=1000)
    options.add_argument("--tabs", type=int, default=4)
    asked = options.parse_args()
    chromium = os.environ.get("ELBO_LAB_CHROMIUM")
    with tempfile.TemporaryDirectory() as kept, sync_playwright() as playwright:
        (temporary := Path(kept) / "tmp").mkdir()
        os.environ["TMPDIR"] = str(temporary)  # of the server
        server = Server(Path(kept))
        os.environ.pop("TMPDIR")
        process = server.process.pid
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        try:
            pages = watched(browser, server, asked.tabs)
            charts = [page.evaluate(WATCH) for page in pages]
            begun, memory = time.monotonic(), list[tuple[int, float]]()
            while (ticks := sum(page.evaluate("window.ticks") for page in pages)) < asked.ticks:
                memory.append((ticks, megabytes(process)))
                pages[0].wait_for_timeout(1000)
            memory.append((ticks, megabytes(process)))
            seconds = time.monotonic() - begun
            replaced = sum(charts) - sum(page.evaluate(KEPT) for page in pages)
            with_tabs = threads(process)
            pages[0].get_by_role("button", name="Stop", exact=True).click()
            pages[0].get_by_text("Stopped at step").wait_for(timeout=120_000)
            for page in pages:
                page.close()
            without = _rested(process)
            files = [file.name for file in temporary.rglob("*") if file.is_file()]
        finally:
            browser.close()
            server.stop()
    warm = next(size for ticks, size in memory if ticks >= WARM * asked.ticks)
    growth = memory[-1][1] / warm - 1
    print(f"{memory[-1][0]:,} ticks in {asked.tabs} tabs, {seconds:.0f} s")  # noqa: T201
    print(f"memory {warm:.0f} MB after {WARM:.0%} of them, {memory[-1][1]:.0f} MB at the end: {growth:+.1%}")  # noqa: T201
    print(f"charts {sum(charts)}, replaced {replaced}")  # noqa: T201
    print(f"threads {with_tabs} with tabs, {without} without; temporary files {files or 'none'}")  # noqa: T201
    return int(growth > MOST_GROWTH or replaced > 0 or without > with_tabs or bool(files))


def _rested(process: int) -> int:
    """Threads once the server has forgotten its tabs: as few as there come to be."""
    deadline, fewest = time.monotonic() + REST_SECONDS, threads(process)
    while time.monotonic() < deadline:
        time.sleep(1)
        fewest = min(fewest, threads(process))
    return fewest


if __name__ == "__main__":
    sys.exit(main())
