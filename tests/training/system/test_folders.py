from pathlib import Path

import pytest

from training.system.folders import PROJECT, data_folder, pretrained_names, runs_folder


def test_folders_are_the_environments_or_the_projects(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ELBO_LAB_RUNS", str(tmp_path / "r"))
    monkeypatch.setenv("ELBO_LAB_DATA", str(tmp_path / "d"))
    assert (runs_folder(), data_folder()) == (tmp_path / "r", tmp_path / "d")
    monkeypatch.setenv("ELBO_LAB_RUNS", "")
    monkeypatch.delenv("ELBO_LAB_DATA")
    assert (runs_folder(), data_folder()) == (PROJECT / "runs", PROJECT / "data")


def test_the_vae_is_the_first_of_the_shipped_models() -> None:
    names = pretrained_names()
    assert names[0] == "vae"
    assert names[1:] == sorted(names[1:])
