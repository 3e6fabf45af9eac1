"""axe-core's rules on what a page becomes when somebody uses it: runs that ended, uploads, drawings, opened parts."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.browser.axe import faults
from tests.browser.conftest import Server
from training.runs.config import TrainConfig
from training.runs.run_writer import RunWriter, mark_ended
from training.runs.worker import train_into
from training.system.folders import PROJECT

COMPARED = """() => !document.querySelector('.st-key-stop-comparing') && [...document.querySelectorAll(
    "[class*='st-key-numbers-'] td")].some(cell => cell.textContent.includes('checkpoint'))"""
PHONE: ViewportSize = {"width": 390, "height": 844}
FADED_IN_MS = 400  # charts, and the other theme's colours


@pytest.fixture(scope="module")
def used(server: Server) -> Server:
    """A server with a run of each kind of end, and one whose prior is a mixture."""
    model = {"z": 5, "hidden": (11, 13)}
    brief = TrainConfig.from_preset("vae", model=model, data="mnist-sample", steps=60, batch_size=7, device="cpu")
    mixture = TrainConfig.from_preset(
        "gmvae", model=model | {"k": 3}, data="mnist-sample", steps=2, batch_size=7, device="cpu"
    )
    train_into(RunWriter(server.runs / "finished", brief))
    train_into(RunWriter(server.runs / "mixture", mixture))
    train_into(RunWriter(server.runs / "stopped", brief), should_stop=lambda: True)
    train_into(RunWriter(server.runs / "failed", brief), should_stop=lambda: True)
    mark_ended(server.runs / "failed", "failed", "The loss is no number: lower the learning rate, and start anew.")
    return server


def at_rest(page: Page) -> Page:
    page.locator("h1").wait_for()
    page.locator("[data-testid=stStatusWidget]").wait_for(state="hidden")
    page.wait_for_function("!document.querySelector('[data-stale=true]')")  # dimmed, before it is drawn anew
    return page


def assert_open_to_all(page: Page) -> None:
    """Nothing serious in either theme, nor on a phone."""
    for dark in (True, False):
        page.emulate_media(color_scheme="dark" if dark else "light", reduced_motion="reduce")
        page.wait_for_timeout(FADED_IN_MS)
        assert faults(page) == [], "dark" if dark else "light"
    wide = page.viewport_size
    assert wide is not None
    page.set_viewport_size(PHONE)  # where long lines of code scroll, which Chromium does by key with no help
    page.wait_for_timeout(FADED_IN_MS)
    assert [each for each in faults(page) if "scrollable-region-focusable: <pre" not in each] == [], "on a phone"
    page.set_viewport_size(wide)


def draw_a_one(page: Page) -> None:
    paper = page.get_by_label("Paper: draw a digit")
    paper.scroll_into_view_if_needed()
    box = paper.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] - 20, steps=5)
    page.mouse.up()


def test_train_with_runs_that_ended(used: Server, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{used.url}/train?train-run=failed")
    for run, said in {"failed": "lower the learning rate", "stopped": "Stopped at", "finished": "Finished:"}.items():
        page.goto(f"{used.url}/train?train-run={run}")
        expect(at_rest(page).get_by_text(said)).to_be_visible()
        assert_open_to_all(page)


def test_samples_with_every_view_a_drawing_and_opened_parts(used: Server, open_page: Callable[..., Page]) -> None:
    page = at_rest(open_page(f"{used.url}/samples?samples-view=One+digit&samples-asked=Draw+one"))
    draw_a_one(page)
    page.get_by_alt_text("The digit you drew, binarised").wait_for()
    page.get_by_text("The code of this formula").first.click()
    page.get_by_text("models/").first.wait_for()
    assert_open_to_all(at_rest(page))
    for view, shown in {"Map of digits": "Laid out by", "Interpolation": "From", "Traversals": "Guess first"}.items():
        page.get_by_role("radio", name=view).click()
        page.get_by_text(shown).first.wait_for()
        assert_open_to_all(at_rest(page))
    page.get_by_role("button", name="Embedded sample").click()
    page.get_by_text("Data in use").wait_for()
    assert_open_to_all(page)


def test_mixture_and_bounds_with_a_run(used: Server, open_page: Callable[..., Page]) -> None:
    page = at_rest(open_page(f"{used.url}/mixture?mixture-checkpoint=run+mixture&mixture-guess=more"))
    page.get_by_text("Answer", exact=True).click()
    assert_open_to_all(page)
    page.goto(f"{used.url}/bounds?bounds-models=shipped+gmvae&bounds-models=run+finished&bounds-guess=1+to+5")
    assert_open_to_all(at_rest(page))


def test_the_source_of_a_formula(used: Server, open_page: Callable[..., Page]) -> None:
    assert_open_to_all(at_rest(open_page(f"{used.url}/source?source-file=models/vae.py&source-lines=20-30")))


def test_clinic_with_uploads(used: Server, open_page: Callable[..., Page], tmp_path: Path) -> None:
    (tmp_path / "damaged.pt").write_bytes(b"no weights" * 99)
    page = at_rest(open_page(f"{used.url}/clinic?clinic-models=run+finished"))
    files = [used.runs / "finished" / "checkpoint.safetensors", tmp_path / "damaged.pt"]
    page.locator("input[type=file]").set_input_files(files)
    page.get_by_test_id("stFileChip").first.wait_for()
    page.get_by_role("button", name="Read them").click()
    page.wait_for_function(COMPARED)
    assert_open_to_all(at_rest(page))


def test_the_first_gap_of_every_derivation(used: Server, open_page: Callable[..., Page]) -> None:
    chapters = sorted(file.stem for file in (PROJECT / "pages" / "theory").glob("*.toml"))
    page = open_page(f"{used.url}/{chapters[0]}")
    for chapter in chapters:
        page.goto(f"{used.url}/{chapter}")
        page.locator(".st-key-line-1 [role=radio]").first.wait_for()
        assert_open_to_all(at_rest(page))
