"""Two browsers on one server: each sees its own runs alone, and no page breaks what the headers say."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.conftest import Server, await_rest
from training.people.cookies import owner_of_id
from training.runs.config import TrainConfig
from training.runs.run_writer import RunWriter
from training.runs.worker import train_into

PAGES = (
    *("", "samples", "beta", "mixture", "bounds", "exact", "labels", "style", "clinic", "train", "runs"),
    *("elbo?elbo-all=true", "room", "lesson", "board", "server"),
)


def owner_at(page: Page) -> str:
    (value,) = [cookie["value"] for cookie in page.context.cookies() if cookie["name"].startswith("elbo-lab-")]
    return owner_of_id(value.partition(".")[0])


def test_each_sees_its_own_runs_alone(server: Server, open_page: Callable[..., Page], brief: TrainConfig) -> None:
    one, other = (open_page(f"{server.url}/runs") for _ in range(2))
    for page in (one, other):
        expect(page.get_by_role("heading", name="Runs", exact=True)).to_be_visible()
    assert owner_at(one) != owner_at(other)
    train_into(RunWriter(server.runs / owner_at(one) / "vae-mine", brief))
    for page, there in ((one, 1), (other, 0)):
        page.goto(f"{server.url}/train?train-run=vae-mine")
        await_rest(page)
        expect(page.get_by_role("button", name="Download weights")).to_have_count(there)
        expect(page.get_by_text("which is not here")).to_have_count(1 - there)


def test_no_page_breaks_what_the_headers_say(server: Server, open_page: Callable[..., Page]) -> None:
    page, broken = open_page(server.url), list[str]()
    page.on("console", lambda said: broken.append(said.text) if "Content Security Policy" in said.text else None)
    for name in PAGES:
        page.goto(f"{server.url}/{name}")
        await_rest(page)
        assert broken == [], name
