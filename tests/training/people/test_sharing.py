from pathlib import Path

import pytest

from training.people.places import place_of
from training.people.sharing import Share, change_share, share_of

ANNE = "@" + "a" * 20


def test_what_is_said_of_one_run_stays_when_another_changes(runs_folder: Path) -> None:
    one, other = (place_of(ANNE) / name for name in ("vae-1", "vae-2"))
    for run in (one, other):
        run.mkdir(parents=True)
    change_share(one, published=True, forks=True)
    token = change_share(other, link=True).token
    assert share_of(one) == Share(published=True, forks=True)
    assert change_share(other, link=True).token == token != ""
    assert change_share(one, published=False, forks=False) == Share()
    assert share_of(other).token == token


def test_a_run_that_is_gone_is_forgotten(runs_folder: Path) -> None:
    one, other = (place_of(ANNE) / name for name in ("vae-1", "vae-2"))
    for run in (one, other):
        run.mkdir(parents=True)
        change_share(run, published=True)
    one.rmdir()
    change_share(other, forks=True)
    assert share_of(one) == Share()


@pytest.mark.parametrize(
    "content", ["{", "[]", '{"runs": 3}', '{"runs": {"vae-1": {"published": "maybe"}}}', "x" * 10**6]
)
def test_a_damaged_file_shares_nothing(runs_folder: Path, content: str) -> None:
    run = place_of(ANNE) / "vae-1"
    run.mkdir(parents=True)
    (run.parent / "sharing.json").write_text(content)
    assert share_of(run) == Share()


def test_no_file_of_a_run_decides_who_sees_it(runs_folder: Path) -> None:
    run = place_of(ANNE) / "vae-1"
    run.mkdir(parents=True)
    (run / "sharing.json").write_text('{"runs": {"vae-1": {"published": true}}}')
    assert share_of(run) == Share()


def test_the_machines_runs_are_shared_with_nobody(runs_folder: Path) -> None:
    (runs_folder / "vae-1").mkdir(parents=True)
    with pytest.raises(ValueError, match="everybody"):
        change_share(runs_folder / "vae-1", published=True)
    assert share_of(runs_folder / "vae-1") == Share()
