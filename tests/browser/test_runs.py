"""The page Runs in a browser: the table by keyboard, and one step that moves the pictures of all chosen runs."""

import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Server
from training.lab.run_index import run_ids

RUNS, PICTURES = 10, 200
STEP = 100  # between two pictures
WATCH = """scrubber => {
    window.frames = [];
    scrubber.addEventListener('scrubbed', event =>
        window.frames.push({ at: performance.now(), step: event.detail.step, shown: event.detail.shown }));
}"""
MARK = """panels => [...panels.querySelectorAll('canvas.grids')].map(canvas =>
    [...canvas.getContext('2d').getImageData(0, 0, 2, 1).data].filter((_, i) => i % 4 === 0))"""


@pytest.fixture(scope="module")
def many(server: Server) -> list[str]:
    """Ten runs of 200 pictures each; two pixels of every picture say which run and which picture it is."""
    noise = np.random.default_rng(0)
    digits = noise.integers(0, 256, (280, 560), dtype=np.uint8) * (noise.random((280, 560)) < 0.2)
    names = [f"film-{number}" for number in range(RUNS)]
    for number, name in enumerate(names):
        path = server.runs / name
        (path / "grids").mkdir(parents=True)
        config = {"preset": "vae", "family": "vae", "data": "mnist-sample", "model": {"z": number}, "steps": 20_000}
        (path / "config.json").write_text(json.dumps(config))
        (path / "status.json").write_text(json.dumps({"state": "finished", "step": 20_000, "steps": 20_000}))
        rows = [
            {"step": step, "seconds": step / 50, "split": "held-out", "terms": {"nelbo": 100 + 9e4 / (200 + step)}}
            for step in range(0, 20_000, 250)
        ]
        (path / "metrics.jsonl").write_text("\n".join(map(json.dumps, rows)))
        for place in range(PICTURES):
            picture = np.roll(digits, place)
            picture[0, :2] = number, place
            buffer = io.BytesIO()
            Image.fromarray(picture).save(buffer, format="png", compress_level=1)
            (path / "grids" / f"{place * STEP}.png").write_bytes(buffer.getvalue())
    return names


def opened(open_page: Callable[..., Page], server: Server, names: list[str], **how: int) -> tuple[Page, Locator]:
    """The page with these runs chosen, once all their last pictures are drawn."""
    chosen = "&".join(f"runs-chosen=run+{name}" for name in names)
    page = open_page(f"{server.url}/runs?{chosen}", **how)
    scrubber = page.locator(".scrubber")
    expect(scrubber.locator("output")).to_have_text(re.compile(r"step [\d,]+"))
    expect(scrubber.locator("canvas.grids[aria-label*='samples at step']")).to_have_count(len(names))
    scrubber.evaluate(WATCH)
    return page, scrubber


def test_ten_runs_are_scrubbed_at_ten_pictures_a_second(
    server: Server, open_page: Callable[..., Page], many: list[str], quiet_machine: None
) -> None:
    page, scrubber = opened(open_page, server, many)
    track = scrubber.locator(".tracks canvas").first
    track.scroll_into_view_if_needed()
    page.wait_for_timeout(300)
    box = track.bounding_box()
    assert box
    page.mouse.move(box["x"] + 5, box["y"] + 50)
    page.mouse.down()
    for place in range(1, PICTURES):  # as fast as the browser takes them
        page.mouse.move(box["x"] + 5 + (box["width"] - 10) * place / PICTURES, box["y"] + 50)
        page.wait_for_timeout(15)
    page.mouse.up()
    page.wait_for_timeout(1000)
    frames = page.evaluate("window.frames")
    seconds = (frames[-1]["at"] - frames[0]["at"]) / 1000
    assert all(shown == frame["step"] for frame in frames for shown in frame["shown"])
    assert len(frames) / seconds > 10, (len(frames), seconds)


def test_every_picture_is_that_of_its_run_at_the_step(
    server: Server, open_page: Callable[..., Page], many: list[str]
) -> None:
    page, scrubber = opened(open_page, server, many[:3])
    steps = scrubber.get_by_role("slider", name="Step of training, of all runs")
    steps.focus()
    for key, place in (("Home", 0), ("ArrowRight", 1), ("End", PICTURES - 1), ("ArrowLeft", PICTURES - 2)):
        page.keyboard.press(key)
        expect(scrubber.locator("output")).to_have_text(f"step {place * STEP:,}")
        page.wait_for_function(f"window.frames.at(-1)?.step === {place * STEP}")
        assert scrubber.locator(".panels").evaluate(MARK) == [[number, place] for number in range(3)]
        expect(steps).to_have_attribute("aria-valuetext", f"step {place * STEP:,}")
    expect(scrubber.locator(".numbers").first).to_contain_text("NELBO 104.5")
    page.wait_for_url(re.compile(f"runs-step={(PICTURES - 2) * STEP}"))
    again = open_page(page.url)
    expect(again.locator(".scrubber output")).to_have_text(f"step {(PICTURES - 2) * STEP:,}")
    field = again.get_by_role("spinbutton", name="Step")
    field.fill("250")
    again.keyboard.press("Enter")
    expect(again.locator(".scrubber output")).to_have_text("step 200")


def test_it_plays_to_the_end_and_can_be_paused(server: Server, open_page: Callable[..., Page], many: list[str]) -> None:
    page, scrubber = opened(open_page, server, many[:2])
    scrubber.get_by_label("Pictures a second").select_option("20")
    scrubber.get_by_role("button", name="Play").click()
    page.wait_for_function("window.frames.length > 5")
    scrubber.get_by_role("button", name="Pause").click()
    steps = page.evaluate("window.frames.map(frame => frame.step)")
    assert steps == sorted(steps)
    assert steps[0] <= STEP
    page.wait_for_timeout(400)
    still = page.evaluate("window.frames.length")
    page.wait_for_timeout(400)
    assert page.evaluate("window.frames.length") == still


def test_the_keyboard_alone_adds_a_run_in_the_table(
    server: Server, open_page: Callable[..., Page], many: list[str]
) -> None:
    page, scrubber = opened(open_page, server, many[:1], width=1440)
    expect(scrubber.locator("figure")).to_have_count(1)
    page.get_by_role("textbox", name="Find").fill("film-7")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("runs-find=film-7"))
    expect(page.get_by_text("1 of ")).to_be_visible()
    page.locator("[data-testid=stDataFrame] canvas").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Shift+Space")
    page.wait_for_url(re.compile("runs-chosen=run.film-7"))
    expect(scrubber.locator("figure")).to_have_count(2)
    expect(page.get_by_test_id("stException")).to_have_count(0)


def test_deleting_by_the_page_can_be_undone(server: Server, open_page: Callable[..., Page], many: list[str]) -> None:
    page, _ = opened(open_page, server, [many[9]])
    page.get_by_role("button", name=f"Delete {many[9]}").click()
    page.get_by_role("button", name="Undo").wait_for()
    assert many[9] not in run_ids(server.runs)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="Undo")).to_have_count(0)
    assert many[9] in run_ids(server.runs)


def test_the_animation_can_be_downloaded(
    server: Server, open_page: Callable[..., Page], many: list[str], tmp_path: Path
) -> None:
    page, _ = opened(open_page, server, many[:2])
    with page.expect_download() as download:
        page.get_by_role("button", name="Download as GIF").click()
    download.value.save_as(tmp_path / "samples.gif")
    with Image.open(tmp_path / "samples.gif") as moving:
        assert getattr(moving, "n_frames", 1) == 50
