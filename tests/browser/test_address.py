"""Back, Forward and a reload show the view that was left, at one press."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.conftest import Server

PICTURE = ".st-key-pixels-samples img"


def menu(page: Page, name: str) -> None:
    page.get_by_role("link", name=name, exact=True).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)


def test_back_and_forward_show_the_view_that_was_left(server: Server, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{server.url}/beta")
    page.get_by_role("heading", level=1).wait_for()
    menu(page, "Samples")
    page.get_by_role("radio", name="Binary").click()
    page.wait_for_url("**/samples?samples-kind=Binary")
    seed = page.get_by_role("spinbutton", name="Seed")
    seed.fill("7")
    seed.press("Enter")
    page.wait_for_url("**/samples?samples-kind=Binary&samples-seed=7")
    expect(page.locator(PICTURE)).to_have_attribute("alt", re.compile("binary samples, seed 7"))
    left = page.url
    menu(page, "Bounds")
    page.wait_for_url("**/bounds")

    page.go_back()
    page.wait_for_url(left)
    expect(page.locator(PICTURE)).to_have_attribute("alt", re.compile("binary samples, seed 7"))
    expect(page.get_by_role("radio", name="Binary")).to_be_checked()
    page.go_forward()
    page.wait_for_url("**/bounds")
    expect(page.get_by_role("heading", level=1)).to_have_text("Bounds")
    page.go_back()
    page.wait_for_url(left)
    page.reload()
    expect(page.locator(PICTURE)).to_have_attribute("alt", re.compile("binary samples, seed 7"))
    page.go_back()
    page.wait_for_url("**/beta")
    expect(page.get_by_role("heading", level=1)).to_have_text("Beta")


def test_the_menu_brings_the_view_back(server: Server, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{server.url}/samples?seed=7&kind=Binary")
    expect(page.locator(PICTURE)).to_have_attribute("alt", re.compile("binary samples, seed 7"))
    menu(page, "Mixture")
    expect(page.get_by_role("spinbutton", name="Seed")).to_have_value("0")
    menu(page, "Samples")
    expect(page.locator(PICTURE)).to_have_attribute("alt", re.compile("binary samples, seed 7"))
    page.wait_for_url(lambda url: {"samples-kind=Binary", "samples-seed=7"} == {*url.partition("?")[2].split("&")})


def test_every_page_has_a_title_of_its_own_in_the_browsers_tab(server: Server, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{server.url}/samples")
    expect(page).to_have_title("Samples · ELBO Lab")
    menu(page, "Bounds")
    expect(page).to_have_title("Bounds · ELBO Lab")


def test_every_field_of_trains_form_is_in_its_address(server: Server, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{server.url}/train?preset=beta-4")
    steps = page.get_by_role("spinbutton", name="Steps")
    steps.fill("1234")
    steps.press("Tab")
    page.wait_for_url("**train-steps-beta-4=1234*")
    page.reload()
    expect(page.get_by_role("spinbutton", name="Steps")).to_have_value("1234")
