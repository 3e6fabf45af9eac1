"""Pages with models of other data sets than MNIST: their own images, words and numbers, and nobody else's."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from models.registry import FAMILIES
from tests.pages.conftest import pictures_of, text_of
from training.checkpoints.reading import load_checkpoint
from training.data.data_set import EvaluationSet, Reader
from training.data.fashion_mnist import DATA
from training.data.registry import DATA_SETS, evaluation_sets
from training.evaluation.evaluate import measure
from training.runs.config import TrainConfig
from training.runs.run_folder import Run
from training.runs.run_writer import RunWriter
from training.runs.worker import train_into
from training.system.errors import UserError

TRAIN, TEST = 300, 130


def small_garments() -> Reader:
    noise = np.random.default_rng(0)
    parts: dict[str, tuple[np.ndarray, np.ndarray]] = {
        "train": (noise.integers(0, 256, (TRAIN, 784), np.uint8), np.arange(TRAIN) % 10),
        "test": (noise.integers(0, 256, (TEST, 784), np.uint8), np.arange(TEST) % 10),
    }
    return parts.__getitem__


@pytest.fixture
def garments(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A made-up Fashion-MNIST of few images in the real one's place."""
    sets = tuple(replace(each, images=min(each.images, TEST), quick_passes=2) for each in DATA.evaluation_sets)
    small = replace(
        DATA, on_disk=lambda: True, open=small_garments, evaluation_sets=sets, train_images=TRAIN, test_images=TEST
    )
    monkeypatch.setitem(DATA_SETS, "fashion-mnist", small)
    monkeypatch.setattr("training.data.datasets._loaded", {})


def trained(preset: str, folder: Path) -> Run:
    model = {"z": 5, "hidden": (11, 13)} | ({"k": 3} if preset == "gmvae" else {})
    config = TrainConfig.from_preset(preset, data="fashion-mnist", model=model, steps=2, batch_size=7, device="cpu")
    writer = RunWriter(folder / f"{preset}-f", config)
    status = train_into(writer)
    assert status.state == "finished", status.message
    return Run(folder / f"{preset}-f")


def test_every_binary_family_learns_them_and_is_measured_on_its_own_test_set(
    garments: None, runs_folder: Path, no_mnist: Path
) -> None:
    for name, family in FAMILIES.items():
        if family.images == "binary":
            run = trained(family.presets[0].name, runs_folder)
            checkpoint = load_checkpoint(run.path)
            assert (checkpoint.family.name, checkpoint.data) == (name, "fashion-mnist")
    checkpoint = load_checkpoint(runs_folder / "vae-f")
    report = measure(checkpoint, ["fashion-1000"], [], passes=2)["fashion-1000"]
    assert report.images == TEST
    with pytest.raises(UserError, match="is a model of Fashion-MNIST: measure it on fashion-1000 or fashion, not on"):
        measure(checkpoint, ["test"], [1], passes=1)


@pytest.fixture
def app_with(garments: None, app: AppTest, runs_folder: Path) -> AppTest:
    for preset in ("vae", "gmvae", "ssvae"):
        trained(preset, runs_folder)
    return app


@pytest.mark.parametrize("view", ["pad", "map", "digit", "walk", "dimensions"])
def test_samples_shows_its_own_garments(app_with: AppTest, view: str) -> None:
    app_with.query_params["checkpoint"] = "run vae-f"
    app_with.query_params["view"] = view
    page = app_with.run().switch_page("pages/samples.py").run()
    assert not page.exception
    assert not page.error
    alts = [alt for alt, _ in pictures_of(page)]
    assert any(alt.startswith("200 garments") for alt in alts)
    assert not any("digits" in alt for alt in alts)
    assert page.pills(key="samples-measure-sets-fashion-mnist").options == ["First 1,000", "Full test"]


@pytest.mark.parametrize(
    ("script", "query"),
    [
        ("pages/mixture.py", {"checkpoint": "run gmvae-f", "guess": "fewer than 50"}),
        ("pages/labels.py", {"checkpoint": "run ssvae-f", "guess": "below 60"}),
        ("pages/clinic.py", {"models": "run vae-f"}),
        ("pages/bounds.py", {"models": "run vae-f"}),
        ("pages/train.py", {"run": "vae-f"}),
        ("pages/beta.py", {"runs": "run vae-f"}),
        ("pages/style.py", {}),
        ("pages/home.py", {}),
    ],
)
def test_every_page_opens_with_a_model_of_garments(app_with: AppTest, script: str, query: dict[str, str]) -> None:
    for key, value in query.items():
        app_with.query_params[key] = value
    page = app_with.run().switch_page(script).run()
    assert not page.exception
    assert not page.error
    if script == "pages/labels.py":
        (beside,) = page.selectbox(key="labels-beside").options
        assert beside.startswith("run ssvae-f (")
        assert f"Counted on {TEST} test garments" in text_of(page)
    if script == "pages/bounds.py":
        assert page.pills(key="bounds-set-fashion-mnist").options == ["First 1,000", "Full test"]
    if script == "pages/mixture.py":
        assert f"of {TEST} test garments best" in text_of(page)
        (table,) = [part.value for part in page.markdown if 'class="wide-table"' in part.value]
        assert "run gmvae-f" in table
        assert "shipped" not in table


def test_a_third_kind_of_data_is_one_object_and_opens_pages(
    app: AppTest, monkeypatch: pytest.MonkeyPatch, runs_folder: Path
) -> None:
    """A toy with other sizes, classes and words, registered as anybody would."""
    noise = np.random.default_rng(1)
    leaves = replace(
        DATA,
        name="leaves",
        title="Leaves",
        label="Leaves",
        side=12,
        classes=("oak", "ash", "elm"),
        noun="leaf",
        plural="leaves",
        on_disk=lambda: True,
        open=lambda: lambda split: (noise.integers(0, 256, (60, 144), np.uint8), np.arange(60) % 3),
        evaluation_sets=(EvaluationSet("leaves", "60 leaves", "Leaves", "60 leaves", 60, quick_passes=2),),
        measured_by_default=("leaves",),
        train_images=60,
        test_images=60,
    )
    monkeypatch.setitem(DATA_SETS, "leaves", leaves)
    config = TrainConfig.from_preset("vae", data="leaves", model={"z": 5, "hidden": (11, 13)}, steps=2, device="cpu")
    assert config.model.model_dump()["pixels"] == 144
    assert train_into(RunWriter(runs_folder / "a-leaf", config)).state == "finished"
    assert [each.name for each in evaluation_sets("leaves")] == ["leaves"]
    app.query_params["checkpoint"] = "run a-leaf"
    page = app.run().switch_page("pages/samples.py").run()
    assert not page.exception
    assert not page.error
    assert any(alt.startswith("200 leaves") for alt, _ in pictures_of(page))
