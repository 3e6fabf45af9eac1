import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from playwright.sync_api import Locator, Page, expect

from models.ssvae import SSVAEConfig
from tests.browser.conftest import Server
from training.checkpoints.reading import load_checkpoint
from training.latent.planes import plane_of_dimensions
from training.runs.config import TrainConfig
from training.runs.run_writer import RunWriter
from training.runs.worker import train_into
from training.system.folders import PRETRAINED

WATCH = """stage => {
    window.frames = [];
    stage.addEventListener('decoded', event => {
        const { latent, pixels } = event.detail;
        window.frames.push({ at: performance.now(), latent: [...latent], pixels: [...pixels] });
    });
}"""


def watched_pad(page: Page) -> Locator:
    """The pad, once it has drawn; from now on it notes all that it decodes."""
    stage = page.locator(".stage")
    expect(stage).to_have_attribute("aria-valuetext", re.compile("across"))
    stage.evaluate(WATCH)
    return stage


def drag(page: Page, stage: Locator, start: tuple[float, float], end: tuple[float, float], steps: int) -> None:
    """Drag the pointer; places are fractions of the pad's width and height."""
    stage.scroll_into_view_if_needed()
    box = stage.bounding_box()
    assert box
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in (start, end)]
    page.mouse.move(*places[0])
    page.mouse.down()
    page.mouse.move(*places[1], steps=steps)
    page.mouse.up()


def last_frame(page: Page) -> Any:
    page.wait_for_function("window.frames.length && performance.now() - window.frames.at(-1).at > 200")  # at rest
    return page.evaluate("window.frames.at(-1)")


@pytest.fixture(scope="module")
def own_run(server: Server) -> Path:
    """A short training of an SSVAE, whose decoder takes a label too."""
    model = SSVAEConfig(z=5, hidden=(11, 13))
    config = TrainConfig.from_preset("ssvae", model=model, data="mnist-sample", steps=20, batch_size=7, device="cpu")
    train_into(RunWriter(server.runs / "ssvae-mine", config))
    return server.runs / "ssvae-mine"


def test_the_pad_decodes_what_torch_decodes(server: Server, open_page: Callable[..., Page], own_run: Path) -> None:
    choices = {"shipped vae": PRETRAINED / "vae", "shipped gmvae": PRETRAINED / "gmvae", "run ssvae-mine": own_run}
    for choice, path in choices.items():
        page = open_page(f"{server.url}/samples?checkpoint={choice}&plane=Two+dimensions&label=7")
        stage = watched_pad(page)
        drag(page, stage, (0.5, 0.5), (0.9, 0.2), steps=5)
        frame = last_frame(page)
        model = load_checkpoint(path).model
        with torch.inference_mode():
            expected = model.decode_mean(torch.tensor(frame["latent"]))
        assert (torch.tensor(frame["pixels"]) - expected).abs().max() < 1e-4
        if choice == "run ssvae-mine":
            assert frame["latent"][5:] == [float(label == 7) for label in range(10)]


def test_pad_sliders_and_address_hold_the_same_point(server: Server, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{server.url}/samples?plane=Two+dimensions&dimension_across=4&dimension_up=9")
    stage = watched_pad(page)
    drag(page, stage, (0.5, 0.5), (0.75, 0.25), steps=3)
    page.wait_for_url(re.compile(r"across=1\.5&"))
    page.wait_for_url(re.compile(r"up=1\.5"))
    across = page.locator(".st-key-samples-across input")
    expect(across).to_have_value("1.5")
    plane = plane_of_dimensions(*load_checkpoint(PRETRAINED / "vae").model.prior_moments(), 4, 9)
    torch.testing.assert_close(torch.tensor(last_frame(page)["latent"]), plane.at(1.5, 1.5))

    stage.focus()
    for key in ("ArrowLeft", "ArrowDown", "Shift+ArrowDown"):
        page.keyboard.press(key)
    expect(stage).to_have_attribute("aria-valuetext", "across 1.40, up 0.90")
    page.wait_for_url(re.compile(r"across=1\.4&"))
    decoded = page.locator(".st-key-pixels-point img")
    expect(decoded).to_have_attribute("alt", re.compile("across 1.40, up 0.90"))

    across.focus()
    page.keyboard.press("ArrowRight")
    expect(stage).to_have_attribute("aria-valuetext", "across 1.45, up 0.90")
    again = open_page(page.url)
    expect(again.locator(".stage")).to_have_attribute("aria-valuetext", re.compile("across 1.4"))


@pytest.mark.usefixtures("quiet_machine")
def test_the_digit_follows_at_thirty_frames_a_second(server: Server, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{server.url}/samples")
    stage = watched_pad(page)
    page.wait_for_timeout(3000)  # the backdrop is painted
    page.evaluate("window.frames = []")
    drag(page, stage, (0.1, 0.1), (0.9, 0.9), steps=300)
    times = page.evaluate("window.frames.map(frame => frame.at)")
    assert (len(times) - 1) / (times[-1] - times[0]) * 1000 >= 30
