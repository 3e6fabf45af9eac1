from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server


def test_the_drawer_closes_over_the_page_that_was_chosen_in_it(server: Server, open_page: Callable[..., Page]) -> None:
    page = open_page(server.url, width=390, height=844)
    page.locator("h1").wait_for()
    page.get_by_test_id("stExpandSidebarButton").click()
    page.get_by_test_id("stSidebarNavLink").filter(has_text="Samples").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Samples")
    expect(page.get_by_test_id("stSidebarNavLink").first).not_to_be_in_viewport()


def test_a_picture_stays_in_view_beside_its_controls(server: Server, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{server.url}/samples", width=390, height=844)
    picture = page.locator("[class*='st-key-pixels-samples'] img:visible").first
    picture.wait_for()
    page.get_by_text("Temperature of the prior").scroll_into_view_if_needed()
    expect(page.get_by_text("Temperature of the prior")).to_be_in_viewport()
    expect(picture).to_be_in_viewport(ratio=0.9)


def test_a_table_that_is_too_wide_scrolls_by_itself(server: Server, open_page: Callable[..., Page]) -> None:
    page = open_page(server.url, width=390, height=844)
    table = page.locator(".wide-table").first
    table.wait_for()
    assert table.evaluate("node => node.scrollWidth > node.clientWidth")
    table.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.querySelector('.wide-table').scrollLeft > 0")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize(("width", "height"), [(900, 900), (720, 450)])
def test_names_of_chosen_models_are_not_cut_where_columns_are_narrow(
    server: Server, open_page: Callable[..., Page], width: int, height: int
) -> None:
    page = open_page(f"{server.url}/bounds", width=width, height=height)
    chosen = page.get_by_test_id("stMultiSelect").get_by_text("shipped gmvae").first
    chosen.wait_for()
    page.locator("[data-testid=stStatusWidget]").wait_for(state="hidden")
    assert chosen.evaluate("node => node.scrollWidth <= node.clientWidth")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
