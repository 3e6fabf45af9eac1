"""Server and Board: for the teacher what everybody takes, for the class what is published; a reset and its undo."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.conftest import text_of
from tests.pages.people.conftest import browse_as  # noqa: F401
from tests.patience import PATIENCE
from training.people.places import place_of
from training.people.sharing import change_share
from training.runs.config import TrainConfig
from training.runs.run_writer import RunWriter, mark_ended, queue_run
from training.runs.worker import train_into
from training.system.folders import PROJECT


def shown(page: str) -> AppTest:
    app = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=PATIENCE)
    found = app.switch_page(f"pages/teaching/{page}.py").run()
    assert not found.exception
    return found


@pytest.mark.usefixtures("app")
def test_the_teacher_resets_and_puts_back_and_a_student_sees_one_sentence(
    runs_folder: Path,
    browse_as: Callable[..., str],  # noqa: F811
    brief: TrainConfig,
) -> None:
    anne = browse_as("a" * 22)
    queue_run(place_of(anne) / "vae-1", brief)
    mark_ended(place_of(anne) / "vae-1", "stopped")
    student = shown("server")
    assert [error.value[:28] for error in student.error] == ["This is for the teacher alone"[:28]]
    assert "reset" not in {button.key for button in student.button}
    browse_as("t" * 22, remote_ip="127.0.0.1", Host="localhost:8501")
    page = shown("server")
    assert not page.error
    assert f"| visitor {anne[1:6]} |" in text_of(page)
    page.button(key="reset").click().run()
    assert [each.value for each in page.success] == ["The next class begins anew. Set aside: 1 workspace, 0 rooms."]
    assert not place_of(anne).exists()
    (back,) = [button for button in page.button if str(button.key).startswith("back-")]
    back.click().run()
    assert [each.value for each in page.success] == ["Everything is back."]
    assert (place_of(anne) / "vae-1").is_dir()
    assert runs_folder.exists()


@pytest.mark.usefixtures("app", "runs_folder")
def test_the_board_shows_what_is_published_and_nothing_else(
    browse_as: Callable[..., str],  # noqa: F811
    brief: TrainConfig,
) -> None:
    anne = browse_as("a" * 22)
    for name in ("vae-mine", "vae-hidden"):
        train_into(RunWriter(place_of(anne) / name, brief))
    change_share(place_of(anne) / "vae-mine", published=True)
    browse_as("b" * 22)
    page = shown("board")
    assert not page.error
    assert "vae-mine" in text_of(page)
    assert "vae-hidden" not in text_of(page)
    assert "| 1,000 | vae-mine |" in text_of(page)
    browse_as("a" * 22)
    change_share(place_of(anne) / "vae-mine", published=False)
    assert [each.value[:28] for each in shown("board").info] == ["Nothing is published yet: st"]
