"""Labels: analogies, labelled digits, two models' predictions after a guess, one digit's label, the label budget."""

import pytest
from streamlit.testing.v1 import AppTest

from pages.families import label_views
from tests.pages.conftest import text_of
from training.checkpoints.reading import load_checkpoint
from training.data.datasets import load_dataset
from training.evaluation.classification import accuracy
from training.runs.config import TrainConfig
from training.runs.run_writer import RunWriter
from training.runs.worker import train_into


@pytest.fixture
def runs(app: AppTest) -> dict[str, float]:
    """Two runs of narrow SSVAEs by name, with their accuracies on the embedded sample."""
    from training.system.folders import runs_folder

    found = {}
    for name, gen_weight in (("semi", 1.0), ("alone", 0.0)):
        model = {"z": 5, "hidden": (11, 13), "gen_weight": gen_weight, "labelled": 50}
        config = TrainConfig.from_preset("ssvae", model=model, data="mnist-sample", steps=5, batch_size=7, device="cpu")
        folder = runs_folder() / name
        assert train_into(RunWriter(folder, config)).state == "finished"
        found[f"run {name}"] = accuracy(load_checkpoint(folder).model, load_dataset("mnist-sample").test)
    return found


def opened(app: AppTest, **query: str) -> AppTest:
    for name, value in query.items():
        app.query_params[name] = value
    page = app.switch_page("pages/labels.py").run()
    assert not page.exception
    return page


def test_predictions_show_after_a_guess(app: AppTest, runs: dict[str, float]) -> None:
    page = opened(app, checkpoint="run semi", beside="run alone")
    assert not page.metric
    assert not [
        picker for picker in page.multiselect if picker.key == "labels-runs"
    ]  # nor the chart, which has the answer
    page.segmented_control(key="labels-guess").set_value("below 60").run()
    assert not page.exception
    assert [tile.value for tile in page.metric] == [f"{runs['run alone']:.2%}", f"{runs['run semi']:.2%}"]
    assert "You guessed it" in text_of(page)
    page.multiselect(key="labels-runs").set_value(["run semi"]).run()
    assert not page.exception


def test_a_model_may_stand_beside_itself(app: AppTest, runs: dict[str, float]) -> None:
    page = opened(app, checkpoint="run semi", beside="run semi", guess="below 60", seed="5")
    assert [tile.value for tile in page.metric] == [f"{runs['run semi']:.2%}"]


@pytest.mark.usefixtures("runs")
def test_junk_opens_defaults(app: AppTest) -> None:
    page = opened(app, checkpoint="<b>", beside="../..", seed="1e400", guess="NaN", runs="x", asked="")
    assert (page.number_input(key="labels-seed").value, page.segmented_control(key="labels-guess").value) == (0, None)


def test_predictions_are_the_classifiers(app: AppTest, runs: dict[str, float]) -> None:
    from training.system.folders import runs_folder

    read = label_views.predictions(load_checkpoint(runs_folder() / "semi"))
    assert read.accuracy == pytest.approx(runs["run semi"])
    assert len(read.labels) == 1000
