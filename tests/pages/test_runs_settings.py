"""A run is called by what it changed in its recipe, and its own loss is shown, wherever it stands."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.kit.address import link
from tests.pages.conftest import text_of
from tests.patience import PATIENCE
from training.checkpoints.reading import load_checkpoint
from training.runs.config import TrainConfig
from training.runs.run_folder import Run
from training.runs.run_writer import RunWriter, keep_as_run
from training.runs.worker import train_into
from training.system.folders import PROJECT

LABEL = "run heavy (z 5, hidden 11 × 13, β 7, embedded sample and 2 more)"
PICKERS = {
    "samples": "checkpoint",
    "bounds": "models",
    "clinic": "models",
    "beta": "runs",
}


@pytest.fixture
def heavy(app: AppTest, runs_folder: Path) -> Run:
    """A short run of another beta, latent size and width than its recipe's."""
    model = {"beta": 7.0, "z": 5, "hidden": (11, 13)}
    config = TrainConfig.from_preset(
        "beta-4", model=model, data="mnist-sample", steps=2, batch_size=7, device="cpu", cooldown=0
    )
    train_into(RunWriter(runs_folder / "heavy", config))
    return Run(runs_folder / "heavy")


def opened(page: str, **asked: str) -> AppTest:
    app = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=PATIENCE)
    app.query_params.update(link(page, **asked))
    found = app.switch_page(f"pages/{page}.py").run()
    assert not found.exception
    assert not found.error
    return found


@pytest.mark.parametrize(("page", "picker"), PICKERS.items())
@pytest.mark.usefixtures("heavy")
def test_every_picker_says_what_a_run_changed_and_every_page_its_loss(page: str, picker: str) -> None:
    found = opened(page, **{picker: "run heavy"})
    (chosen,) = [each for each in [*found.selectbox, *found.multiselect] if each.key == f"{page}-{picker}"]
    assert chosen.value in ("run heavy", ["run heavy"])
    assert LABEL in chosen.options
    assert found.query_params[f"{page}-{picker}"] in (LABEL, [LABEL])
    assert any(r"7\cdot" in formula.value for formula in found.latex)
    label = LABEL.removeprefix("run ") if page == "clinic" else LABEL  # which says it where names are the same
    assert any("Trained with this loss" in caption.value and label in caption.value for caption in found.caption)


@pytest.mark.usefixtures("heavy")
def test_an_older_label_of_a_run_opens_the_run() -> None:
    found = opened("samples", checkpoint="run heavy (as it was called once)")
    assert found.selectbox(key="samples-checkpoint").value == "run heavy"


def test_of_weights_that_were_trained_elsewhere_no_loss_is_claimed(heavy: Run, runs_folder: Path) -> None:
    kept = keep_as_run(load_checkpoint(heavy.checkpoint_file), runs_folder, name="theirs")
    found = opened("samples", checkpoint=f"run {kept.id}")
    assert found.selectbox(key="samples-checkpoint").value == f"run {kept.id}"
    assert not any("loss" in formula.value for formula in found.latex)
    assert "Trained with this loss" not in text_of(found)
