"""Widget state made by hand, which names another's run: no page shows it, controls it or puts it into a lesson."""

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from pages.classroom.lesson_draft import FILE
from tests.pages.conftest import text_of
from tests.patience import PATIENCE
from training.people.places import place_of
from training.runs.config import TrainConfig
from training.runs.run_writer import RunWriter
from training.runs.worker import train_into
from training.system.folders import PROJECT

CRAFTED = {
    "train": ("train", {"train-run": "vae-theirs"}),
    "a model on samples": ("samples", {"samples-checkpoint": "run vae-theirs"}),
    "models on bounds": ("bounds", {"bounds-models": ["run vae-theirs"]}),
    "runs on beta": ("beta", {"beta-runs": ["run vae-theirs"]}),
    "a table on runs": ("_runs", {"runs-runs": ["run vae-theirs"], "runs-also": ["run vae-theirs"]}),
    "models on the clinic": ("clinic", {"clinic-models": ["run vae-theirs"]}),
}


@pytest.mark.usefixtures("app", "runs_folder")
@pytest.mark.parametrize(("page", "state"), CRAFTED.values(), ids=CRAFTED)
def test_it_shows_nothing_of_anothers_run(
    browse_as: Callable[..., str], brief: TrainConfig, page: str, state: dict[str, object]
) -> None:
    anne = browse_as("a" * 22)
    run = place_of(anne) / "vae-theirs"
    train_into(RunWriter(run, brief.model_copy(update={"steps": 2})))
    before = {file: file.read_bytes() for file in run.rglob("*") if file.is_file()}
    bert = browse_as("b" * 22)
    app = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=PATIENCE)
    for key, value in state.items():
        app.session_state[key] = value
    app.switch_page(f"pages/{page}.py").run()
    assert not app.exception
    seen = [
        part.proto.SerializeToString()
        for kind in ("markdown", "metric", "html", "vega_lite_chart", "dataframe", "button")
        for part in app.get(kind)
    ]
    assert not any(b"vae-theirs" in part for part in seen), text_of(app)
    assert {file: file.read_bytes() for file in run.rglob("*") if file.is_file()} == before
    assert not (place_of(bert) / FILE).exists()
