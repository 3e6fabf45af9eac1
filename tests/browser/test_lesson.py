"""A lesson in three browsers: what it hides is not seen, what it locks is reached by neither mouse nor keyboard."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.conftest import Server, await_rest
from training.classroom.lesson import Card, Lesson, packed

LESSON = Lesson(
    title="What a prior draws",
    cards=(
        Card(
            page="samples",
            view={"seed": ("5",), "temperature": ("0.5",)},
            controls={"seed": "locked", "temperature": "hidden"},
        ),
        Card(page="samples", view={"temperature": ("1.5",)}),
        Card(page="mixture"),
        Card(page="room"),
        Card(page="board", text="The last one."),
    ),
)


def test_it_is_taken_by_three_browsers_each_at_its_own_card(server: Server, open_page: Callable[..., Page]) -> None:
    link = f"{server.url}/samples?lesson=z{packed(LESSON)}"
    pages = [open_page(link) for _ in range(3)]
    for page in pages:
        await_rest(page)
        seed = page.locator(".st-key-samples-seed")
        expect(seed.locator("input")).to_have_value("5")
        expect(seed).to_have_attribute("inert", "")
        expect(page.locator(".st-key-samples-temperature")).to_be_hidden()
    first, second, third = pages
    for page in (second, third):
        page.get_by_role("button", name="Next").click()
        await_rest(page)
        expect(page.locator(".st-key-samples-seed input")).to_have_value("0")
        expect(page.locator(".st-key-samples-seed")).not_to_have_attribute("inert", "")
        expect(page.locator(".st-key-samples-temperature")).to_be_visible()
    for name in ("Mixture", "Room", "Board"):
        third.get_by_role("button", name="Next").click()
        expect(third.get_by_role("heading", name=name, exact=True)).to_be_visible()
    await_rest(third)
    third.reload()
    await_rest(third)
    expect(third.get_by_text("The last one.")).to_be_visible()
    third.go_back()
    expect(third.get_by_text("card 4 of 5")).to_be_visible()
    expect(second.get_by_text("card 2 of 5")).to_be_visible()
    expect(first.get_by_text("card 1 of 5")).to_be_visible()
