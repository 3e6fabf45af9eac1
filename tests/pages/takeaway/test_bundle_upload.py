"""A bundle that is handed in on the page Runs."""

from pathlib import Path

from streamlit.testing.v1 import AppTest

from pages.kit import services
from training.runs.config import TrainConfig
from training.runs.run_folder import Run
from training.runs.run_writer import RunWriter
from training.runs.worker import train_into
from training.takeaway.bundle import bundle


def hand_in(app: AppTest, name: str, content: bytes) -> None:
    app.file_uploader(key="bundle-file").set_value((name, content, "application/zip"))
    next(button for button in app.button if button.label == "Open it").click().run()
    assert not app.exception


def test_a_bundle_becomes_a_run_and_what_is_none_one_sentence(
    app: AppTest, runs_folder: Path, brief: TrainConfig
) -> None:
    train_into(RunWriter(runs_folder / "mine", brief))
    content = bundle(Run(runs_folder / "mine"))
    app.switch_page("pages/_runs.py").run()
    try:
        hand_in(app, "mine.elbo.zip", content)
        assert [said.value for said in app.success] == ["The run mine-2 is here."]
        assert app.multiselect(key="runs-chosen").value == ["run mine-2"]
        hand_in(app, "[x](x.y) *no*.zip", b"none")
        assert "\\[x](x.y)" in app.error[0].value
        assert "cannot be opened as a run" in app.error[0].value
        next(button for button in app.button if button.label == "Open it").click().run()
        assert app.error[0].value.startswith("Choose a file first")
    finally:
        services.quarantine().close()
    assert sorted(path.name for path in runs_folder.iterdir()) == ["mine", "mine-2"]
