"""A power cut in the middle of a training: the page finds the run again, and it ends as if nothing had happened."""

from collections.abc import Callable
from pathlib import Path

import torch
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server
from tests.patience import until
from training.checkpoints.reading import load_checkpoint
from training.runs.run_folder import Run
from training.runs.run_writer import RunWriter
from training.runs.worker import train_into


def test_a_run_is_resumed_from_the_page_and_ends_equal_to_an_uninterrupted_one(
    fresh_server: Server, open_page: Callable[..., Page], tmp_path: Path, no_mnist: Path
) -> None:
    page = open_page(f"{fresh_server.url}/train")
    steps = page.get_by_role("spinbutton", name="Steps")
    steps.fill("250")
    steps.press("Tab")
    page.get_by_role("button", name="Start training").click()
    page.get_by_role("button", name="Stop", exact=True).wait_for()
    run = Run(next(file.parent for file in fresh_server.runs.rglob("config.json")))
    until(lambda: run.status().step >= 100)
    fresh_server.cut_power()
    until(lambda: run.status().state == "interrupted")
    assert 100 <= run.status().step < 250

    fresh_server.start()
    page.reload()
    expect(page.get_by_text("Its last checkpoint is kept")).to_be_visible()
    page.get_by_role("button", name="Resume", exact=True).click()
    expect(page.get_by_text("Finished: step 250 of 250")).to_be_visible()

    train_into(RunWriter(tmp_path / "whole", run.config))
    whole = Run(tmp_path / "whole")
    weights = load_checkpoint(whole.path).state
    assert all(torch.equal(value, weights[name]) for name, value in load_checkpoint(run.path).state.items())
    assert run.metrics().terms == whole.metrics().terms
    assert run.metrics("held-out").terms == whole.metrics("held-out").terms
    assert run.picture_steps() == whole.picture_steps() == [0, 100, 200, 250]
    assert not list(run.path.rglob("*.part"))
