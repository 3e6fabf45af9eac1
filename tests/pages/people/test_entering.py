"""The class's password, the teacher's key, and share links, as visitors meet them."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.conftest import text_of
from tests.patience import PATIENCE
from training.people import doors
from training.people.places import place_of
from training.people.rights import may
from training.people.sharing import change_share, share_of
from training.people.viewer import Viewer
from training.people.workspaces import workspace_of
from training.runs.config import TrainConfig
from training.runs.run_writer import RunWriter
from training.runs.worker import train_into

ANNE, BERT = "A" * 22, "B" * 22
Browse = Callable[..., str]


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doors, "SLOWED_SECONDS", 0.0)
    monkeypatch.setattr(doors, "_tries", {})


@pytest.fixture
def run_of_anne(runs_folder: Path, brief: TrainConfig, browse_as: Browse) -> Path:
    path = place_of(browse_as(ANNE)) / "vae-2"
    train_into(RunWriter(path, brief.model_copy(update={"steps": 1})))
    return path


def tab(app: AppTest, page: str, **address: str) -> AppTest:
    opened = AppTest.from_file(app._script_path, default_timeout=PATIENCE)
    for name, value in address.items():
        opened.query_params[name.replace("_", "-")] = value
    opened.switch_page(f"pages/{page}.py").run()
    assert not opened.exception
    return opened


@pytest.mark.parametrize("page", ["home", "train", "_runs", "clinic", "source"])
def test_a_stranger_sees_nothing_but_the_password_form(
    app: AppTest, browse_as: Browse, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    monkeypatch.setenv("ELBO_LAB_CLASS_PASSWORD", "cs236")
    browse_as(ANNE)
    opened = tab(app, page)
    assert [each.label for each in opened.text_input] == ["Password"]
    assert len(opened.button) == 1
    assert not [*opened.selectbox, *opened.caption, *opened.metric]


def test_the_password_opens_every_page_for_the_workspace(
    app: AppTest, browse_as: Browse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ELBO_LAB_CLASS_PASSWORD", "cs236")
    browse_as(ANNE)
    app.run()
    app.text_input(key="password").input("cs229")
    app.button[0].click().run()
    assert [each.value for each in app.error] == ["That is not the password: check it, and try again."]
    app.text_input(key="password").input("cs236")
    app.button[0].click().run()
    assert app.title[0].value != "ELBO Lab" or app.caption
    assert not any(each.label == "Password" for each in tab(app, "train").text_input)
    browse_as(BERT)
    assert [each.label for each in tab(app, "train").text_input] == ["Password"]


def test_a_teacher_sees_and_stops_everybodys_runs(
    app: AppTest, browse_as: Browse, run_of_anne: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ELBO_LAB_TEACHER_KEY", "a long key")
    browse_as(BERT)
    page = tab(app, "_runs")
    assert "vae-2" not in text_of(page)
    page.text_input(key="teacher-key").input("a long key")
    next(each for each in page.button if each.label == "Enter as the teacher").click().run()
    assert "You are the **teacher**" in text_of(page)
    assert any("vae-2" in option for option in tab(app, "train").selectbox(key="train-run").options)
    page.button(key="leave-teacher").click().run()
    assert not any("vae-2" in option for option in tab(app, "train").selectbox(key="train-run").options)


def test_a_link_is_made_opened_and_taken_back(app: AppTest, browse_as: Browse, run_of_anne: Path) -> None:
    owner = browse_as(ANNE)
    own = tab(app, "train", train_run="vae-2")
    own.toggle(key="share-link-vae-2-False").set_value(True).run()
    token = share_of(run_of_anne).token
    assert any(f"train-run=vae-2&train-share={token}" in each.value for each in own.code)
    bert = browse_as(BERT)
    shared = tab(app, "train", train_run="vae-2", train_share=token)
    assert shared.selectbox(key="train-run").value == "vae-2"
    keys = {each.key for each in (*shared.button, *shared.toggle)}
    assert not keys & {"resume", "share-link-vae-2-True", "share-published-vae-2-False"}
    assert not any(str(key).startswith("FormSubmitter:fork") for key in keys)
    assert tab(app, "train", train_run="vae-2").selectbox(key="train-run").value == "vae-2"  # a reload finds it again
    assert not may(Viewer(bert, links=workspace_of(bert).links), "change", run_of_anne)
    assert not any(each.key == "delete" for each in tab(app, "_runs").button)
    change_share(place_of(owner) / "vae-2", link=False)
    assert tab(app, "train", train_run="vae-2", train_share=token).selectbox(key="train-run").value == "new training"


@pytest.mark.parametrize("token", ["", "A" * 22, "../../etc", "é", "A" * 5000])
def test_a_guessed_token_opens_nothing(app: AppTest, browse_as: Browse, run_of_anne: Path, token: str) -> None:
    change_share(run_of_anne, link=True)
    browse_as(BERT)
    assert tab(app, "train", train_run="vae-2", train_share=token).selectbox(key="train-run").value == "new training"


def test_a_published_run_is_marked_in_the_table(app: AppTest, browse_as: Browse, run_of_anne: Path) -> None:
    browse_as(ANNE)
    own = tab(app, "train", train_run="vae-2")
    own.toggle(key="share-published-vae-2-False").set_value(True).run()
    browse_as(BERT)
    table = tab(app, "_runs").dataframe[0].value
    assert dict(zip(table["Run"], table["From"], strict=True))["vae-2"] == "the class"


def test_one_person_at_the_machine_is_not_bothered(app: AppTest, browse_as: Browse, run_of_anne: Path) -> None:
    browse_as(ANNE, remote_ip="127.0.0.1", Host="localhost:8501")
    page = tab(app, "_runs")
    assert "From" not in page.dataframe[0].value
    assert not page.text_input(key="runs-find").value
    assert "teacher" not in text_of(page)
