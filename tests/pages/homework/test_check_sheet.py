"""The homework question by question: shipped and own numbers, verdicts, and the report."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.conftest import text_of
from tests.patience import PATIENCE, until
from training.homework.answers import shipped_answer
from training.homework.questions import problems, value_of
from training.runs.config import TrainConfig
from training.runs.run_writer import RunWriter
from training.runs.worker import train_into

QUESTIONS = [question for problem in problems() for question in problem.questions]


def opened(app: AppTest, **query: str) -> AppTest:
    for name, value in query.items():
        app.query_params[f"check_sheet-{name}"] = value
    page = app.switch_page("pages/homework/check_sheet.py").run()
    assert not page.exception
    return page


def scores(page: AppTest) -> dict[str, tuple[str, str]]:
    return {metric.label: (metric.value, metric.delta) for metric in page.metric}


@pytest.fixture
def brief_vae(runs_folder: Path) -> None:
    config = TrainConfig.from_preset(
        "vae", model={"z": 5, "hidden": (11, 13)}, data="mnist-sample", steps=3, batch_size=7, device="cpu"
    )
    train_into(RunWriter(runs_folder / "mine", config))


def test_shipped_models_meet_every_question_and_the_readers_are_open(app: AppTest) -> None:
    page = opened(app)
    count = len(QUESTIONS)
    assert scores(page) == {
        "Shipped models": (f"{count} of {count} met", ""),
        "Yours": (f"0 of {count} met", f"{count} not yet"),
    }
    text = text_of(page)
    for question in QUESTIONS:
        assert question.written(value_of(question, shipped_answer(question.model))) in text
    assert not page.warning


def test_an_own_run_is_measured_and_judged(app: AppTest, brief_vae: None) -> None:
    page = opened(app, runs="run mine")
    page.button(key="measure-open").click().run()

    def judged() -> bool:
        page.run()
        return scores(page)["Yours"][1].startswith("3 far") or scores(page)["Yours"][1].startswith("4 far")

    until(judged, PATIENCE)
    assert not page.exception
    said = [warning.value for warning in page.warning]
    assert any("its NELBO on the 100 test digits?" in sentence and "ended early" in sentence for sentence in said)


def test_a_model_of_another_recipe_is_not_on_the_sheet(app: AppTest, runs_folder: Path) -> None:
    config = TrainConfig.from_preset(
        "gmvae", model={"z": 5, "hidden": (11, 13), "k": 3}, data="mnist-sample", steps=2, batch_size=7, device="cpu"
    )
    for name in ("one", "two"):
        train_into(RunWriter(runs_folder / name, config))
    app.query_params["check_sheet-runs"] = ["run one", "run two"]
    page = opened(app)
    assert any("Not on the sheet: run two" in caption.value for caption in page.caption)


def test_the_report_is_written_and_offered(app: AppTest) -> None:
    page = opened(app)
    page.button(key="write-html").click().run()

    def offered() -> bool:
        page.run()
        return bool(page.get("download_button"))

    until(offered, PATIENCE)
    assert not page.exception
    assert not page.error
