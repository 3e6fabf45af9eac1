"""Who a visitor is taken for, and that pages show no more than that visitor may see."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from pages.people import visitor
from tests.pages.conftest import text_of
from tests.pages.people.conftest import Browser
from tests.patience import PATIENCE
from training.people.cookies import cookie_value
from training.people.places import place_of
from training.people.sharing import change_share
from training.runs.config import TrainConfig
from training.runs.run_writer import RunWriter
from training.runs.worker import train_into

ANNE, BERT = "A" * 22, "B" * 22
Browse = Callable[..., str]


@pytest.mark.parametrize(
    ("remote_ip", "headers", "here"),
    [
        ("127.0.0.1", {"Host": "localhost:8501"}, True),
        ("::1", {"Host": "[::1]:8501"}, True),
        ("127.0.0.1", {"Host": "127.0.0.1:8501"}, True),
        ("::ffff:127.0.0.1", {"Host": "127.0.0.1:8501"}, True),  # as a server of both protocols sees it
        ("::ffff:10.0.0.7", {"Host": "127.0.0.1:8501"}, False),
        ("", {"Host": "127.0.0.1:8501"}, False),
        ("127.0.0.1", {"Host": "evil.example.org:8501"}, False),  # a name that leads here
        ("127.0.0.1", {"Host": "localhost", "X-Forwarded-For": "10.0.0.7"}, False),
        ("127.0.0.1", {"Host": "localhost", "Forwarded": "for=10.0.0.7"}, False),
        ("127.0.0.1", {"Host": "localhost", "x-real-ip": "127.0.0.1"}, False),
        ("127.0.0.1", {"Host": "localhost", "Via": "1.1 proxy"}, False),
        ("127.0.0.1", {}, False),
        ("127.0.0.1", {"Host": "[::1"}, False),
        ("10.0.0.7", {"Host": "localhost"}, False),
    ],
)
def test_who_sits_at_the_machine(remote_ip: str, headers: dict[str, str], here: bool) -> None:
    assert visitor.sits_here(Browser({}, headers, remote_ip)) is here


def test_outside_of_a_page_nobody_visits() -> None:
    assert visitor.visitor() is None


def made(path: Path, config: TrainConfig) -> Path:
    train_into(RunWriter(path, config.model_copy(update={"steps": 1})))
    return path


@pytest.fixture
def runs(runs_folder: Path, brief: TrainConfig, browse_as: Browse) -> dict[str, Path]:
    """A finished run of the machine, and one of Anne's."""
    owner = browse_as(ANNE)
    return {"machine": made(runs_folder / "vae-1", brief), "anne": made(place_of(owner) / "vae-2", brief)}


def runs_of_train(app: AppTest) -> list[str]:
    app.switch_page("pages/train.py").run()
    options = app.selectbox(key="train-run").options
    return [option if option.startswith("new") else option.split(" (")[0] for option in options]


def test_each_sees_the_own_runs_and_the_machines(app: AppTest, runs: dict[str, Path], browse_as: Browse) -> None:
    app.run()
    browse_as(ANNE)
    assert set(runs_of_train(app)) == {"new training", "vae-1", "vae-2"}
    browse_as(BERT)
    assert set(runs_of_train(app)) == {"new training", "vae-1"}
    change_share(runs["anne"], published=True)
    assert set(runs_of_train(app)) == {"new training", "vae-1", "vae-2"}


@pytest.mark.parametrize(
    "make",
    [lambda: "", lambda: "forged", lambda: cookie_value(ANNE, now=1000.0), lambda: cookie_value(ANNE)[:-1] + "x"],
    ids=["none", "forged", "old", "changed"],
)
def test_without_a_good_cookie_a_tab_has_a_workspace_of_its_own(
    app: AppTest, runs: dict[str, Path], browse_as: Browse, make: Callable[[], str]
) -> None:
    app.run()
    browse_as(ANNE, cookie=make())
    assert set(runs_of_train(app)) == {"new training", "vae-1"}


def test_an_account_has_its_workspace_in_every_browser(
    app: AppTest, runs: dict[str, Path], browse_as: Browse, monkeypatch: pytest.MonkeyPatch
) -> None:
    def logged_in(**user: object) -> set[str]:
        context = SimpleNamespace(user_info=user)
        with monkeypatch.context() as patched:
            patched.setattr(visitor, "get_script_run_ctx", lambda **_: context)
            return {visitor._workspace_id(visitor._client()) for _ in range(2)}  # type: ignore[arg-type]

    anne = logged_in(is_logged_in=True, iss="https://id.example.org", sub="anne")
    assert len(anne) == 1
    assert logged_in(is_logged_in=True, iss="https://id.example.org", sub="bert") != anne
    assert logged_in(is_logged_in=True, iss="https://other.example.org", sub="anne") != anne
    assert logged_in(is_logged_in="yes", iss="https://id.example.org", sub="anne") == {ANNE}
    assert logged_in() == {ANNE}


def test_a_link_to_anothers_run_is_a_link_to_none(app: AppTest, runs: dict[str, Path], browse_as: Browse) -> None:
    browse_as(BERT)

    def said(run: str) -> str:
        tab = AppTest.from_file(app._script_path, default_timeout=PATIENCE)
        tab.query_params["train-run"] = run
        tab.switch_page("pages/train.py").run()
        assert not tab.exception
        return text_of(tab).replace(run, "RUN")

    hidden = said("vae-2")
    assert "**RUN**, which is not here" in hidden
    assert hidden == said("vae-9")
