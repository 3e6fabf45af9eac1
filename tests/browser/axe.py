"""axe-core's rules, asked of a page as it stands."""

from importlib.resources import files

from playwright.sync_api import Page

__all__ = ["faults"]

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
SERIOUS = {"serious", "critical"}
# Streamlit's own list of pages in the drawer of a phone has parts in it that no list may have.
ALL_BUT_THE_DRAWER = "{exclude: ['[data-testid=stSidebarNav]']}"
RULES = f"async () => (await axe.run({ALL_BUT_THE_DRAWER}, {{resultTypes: ['violations']}})).violations"


def faults(page: Page) -> list[str]:
    """What axe-core calls serious, and headings whose levels leave one out."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    return [
        f"{fault['id']}: {node['html'][:200]} {(node.get('failureSummary') or '')[:200]}"
        for fault in page.evaluate(RULES)
        for node in fault["nodes"]
        if fault["impact"] in SERIOUS or fault["id"] == "heading-order"
    ]
