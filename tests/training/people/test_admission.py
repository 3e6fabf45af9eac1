from pathlib import Path

import pytest

from training.people import admission
from training.people.admission import admit_measuring, admit_trainings, megabytes_in
from training.people.places import place_of
from training.people.viewer import MACHINE, Viewer
from training.system.errors import UserError

ANNE, BERT = "@" + "a" * 20, "@" + "b" * 20
anne = Viewer(ANNE)


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "WORKSPACE_TRAININGS": "3",
        "WORKSPACE_WORK": "1e6",
        "WORKSPACE_DISK_MB": "0.5",
        "WORKSPACE_MEASURINGS": "2",
        "SERVER_TRAININGS": "6",
        "SERVER_MEASURINGS": "4",
        "SERVER_FREE_MB": "0",
    }.items():
        monkeypatch.setenv(f"ELBO_LAB_{name}", value)


def test_within_the_limits_everything_starts() -> None:
    admit_trainings(anne, [ANNE, BERT, ""], [1e6, 1.0])
    admit_measuring(anne, [ANNE, BERT, BERT])


@pytest.mark.parametrize(
    ("active", "work", "said"),
    [
        ([ANNE] * 3, [1.0], "at most 3 trainings that wait or train, and yours has 3"),
        ([ANNE] * 2, [1.0] * 2, "at most 3 trainings"),
        ([BERT] * 6, [1.0], "6 trainings wait on this server"),
        ([], [1.0, 3e6], "3.0 times as long as one may be"),
    ],
)
def test_each_limit_is_said(active: list[str], work: list[float], said: str) -> None:
    with pytest.raises(UserError, match=said):
        admit_trainings(anne, active, work)
    for free in (MACHINE, Viewer(ANNE, local=True), Viewer(ANNE, "teacher")):
        admit_trainings(free, active, work)


def test_a_full_workspace_starts_nothing_until_something_is_deleted(runs_folder: Path) -> None:
    place_of(ANNE).mkdir(parents=True)
    (place_of(ANNE) / "large").write_bytes(bytes(600_000))
    with pytest.raises(UserError, match="Your runs take 1 MB, and a workspace has 0 MB: delete some"):
        admit_trainings(anne, [], [1.0])
    admit_trainings(Viewer(BERT), [], [1.0])


def test_a_full_disk_starts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ELBO_LAB_SERVER_FREE_MB", "1e12")
    with pytest.raises(UserError, match="disk is nearly full"):
        admit_trainings(anne, [], [1.0])


def test_so_many_measurings_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match="2 measurings of yours"):
        admit_measuring(anne, [ANNE, ANNE])
    with pytest.raises(UserError, match="Many measurings wait"):
        admit_measuring(anne, [BERT] * 4)
    admit_measuring(MACHINE, [""] * 40)


def test_links_are_not_counted(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "large").write_bytes(bytes(1_000_000))
    (tmp_path / "in" / "small").write_bytes(bytes(2000))
    (tmp_path / "in" / "link").symlink_to(tmp_path / "large")
    (tmp_path / "in" / "folder").symlink_to(tmp_path)
    assert megabytes_in(tmp_path / "in") == pytest.approx(0.002)
    assert admission.is_free(MACHINE)
