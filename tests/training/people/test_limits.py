import tomllib
from pathlib import Path

import pytest

from training.people.limits import Limits, limits
from training.system.errors import UserError
from training.system.folders import PROJECT


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ELBO_LAB_SETTINGS", str(tmp_path / "elbo-lab.toml"))
    return tmp_path / "elbo-lab.toml"


def test_the_projects_file_says_every_default_and_nothing_else() -> None:
    said = tomllib.loads((PROJECT / "elbo-lab.toml").read_text(encoding="utf-8"))
    assert Limits.model_validate(said) == Limits()
    assert {section: set(table) for section, table in said.items()} == {
        section: set(table) for section, table in Limits().model_dump().items()
    }


def test_readme_has_every_setting() -> None:
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    for table in Limits().model_dump().values():
        for name in table:
            assert f"| `{name}` |" in readme, name


def test_without_a_file_there_are_the_defaults(settings: Path) -> None:
    assert limits() == Limits()


def test_the_file_counts_and_the_environment_comes_first(settings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.write_text("[workspace]\ntrainings = 7\nuploads = 2\n")
    monkeypatch.setenv("ELBO_LAB_WORKSPACE_TRAININGS", "9")
    monkeypatch.setenv("ELBO_LAB_SERVER_FREE_MB", "0.5")
    assert (limits().workspace.trainings, limits().workspace.uploads, limits().server.free_mb) == (9, 2, 0.5)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[workspace", "cannot be read"),
        ("[workspace]\ntraining = 3", "no setting named 'workspace.training'"),
        ("[workspace]\ntrainings = 0", "trainings should be greater"),
        ("[workspace]\ntrainings = 'many'", "should be a valid integer"),
        ("[people]\na = 1", "no setting named 'people'"),
        ("workspace = 3", "no setting named 'workspace.workspace'"),
    ],
)
def test_a_mistake_is_one_sentence(settings: Path, text: str, said: str) -> None:
    settings.write_text(text)
    with pytest.raises(UserError, match=said):
        limits()
