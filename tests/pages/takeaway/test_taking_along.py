"""What a run's pages offer to take along."""

from pathlib import Path

from streamlit.testing.v1 import AppTest

from training.checkpoints.reading import load_checkpoint
from training.runs.config import TrainConfig
from training.runs.run_writer import RunWriter, keep_as_run
from training.runs.worker import train_into


def offered(app: AppTest) -> set[str]:
    assert not app.exception
    return {str(getattr(each, "label", "")) for each in app.get("download_button")}


def test_a_run_can_leave_in_every_form(app: AppTest, runs_folder: Path, brief: TrainConfig) -> None:
    train_into(RunWriter(runs_folder / "mine", brief))
    forms = {"The whole run", "Python script", "Notebook", "Measurements as CSV"}
    app.query_params["train-run"] = "mine"
    assert forms <= offered(app.switch_page("pages/train.py").run())
    app.query_params.clear()
    assert forms <= offered(app.switch_page("pages/_runs.py").run())


def test_weights_from_elsewhere_have_no_program(app: AppTest, runs_folder: Path, digit_file: Path) -> None:
    kept = keep_as_run(load_checkpoint(digit_file), runs_folder)
    app.query_params["train-run"] = kept.id
    assert "Python script" not in offered(app.switch_page("pages/train.py").run())
    assert any("no program here trains them again" in each.value for each in app.caption)
