from pathlib import Path

import pytest

from training.system.folders import PROJECT, data_folder, fact_of, is_run_id, pretrained_names, run_ids, runs_folder


def test_folders_are_the_environments_or_the_projects(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ELBO_LAB_RUNS", str(tmp_path / "r"))
    monkeypatch.setenv("ELBO_LAB_DATA", str(tmp_path / "d"))
    assert (runs_folder(), data_folder()) == (tmp_path / "r", tmp_path / "d")
    monkeypatch.setenv("ELBO_LAB_RUNS", "")
    monkeypatch.delenv("ELBO_LAB_DATA")
    assert (runs_folder(), data_folder()) == (PROJECT / "runs", PROJECT / "data")


@pytest.mark.parametrize("text", ["vae-20260131-142501", "vae-20260131-142501-2", "a", "beta-vae.0", "7" * 80])
def test_what_can_name_a_run(text: str) -> None:
    assert is_run_id(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "..",
        "../pretrained/vae",
        "/etc",
        "a/b",
        "a\\b",
        "a\n",
        "a\0",
        ".hidden",
        "-rf",
        " a",
        "~",
        "ä",
        "7" * 101,
    ],
)
def test_what_cannot_name_a_run(text: str) -> None:
    assert not is_run_id(text)


def test_only_folders_with_a_config_are_runs(tmp_path: Path) -> None:
    assert run_ids(tmp_path / "nowhere") == []
    for name in ("vae-1", ".hidden", "no config"):
        (tmp_path / name).mkdir()
    (tmp_path / "vae-2").write_text("a file")
    (tmp_path / "vae-1" / "config.json").write_text("{}")
    (tmp_path / ".hidden" / "config.json").write_text("{}")
    assert run_ids(tmp_path) == ["vae-1"]


def test_the_vae_is_the_first_of_the_shipped_models() -> None:
    names = pretrained_names()
    assert names[0] == "vae"
    assert names[1:] == sorted(names[1:])


def test_what_a_model_learned_from_is_what_its_card_or_config_says(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"data": "svhn"}')
    assert fact_of(tmp_path, "data") == "svhn"
    (tmp_path / "card.json").write_text('{"data": "mnist"}')
    assert fact_of(tmp_path, "data") == "mnist"
    (tmp_path / "card.json").write_text("[]")
    assert fact_of(tmp_path, "data") == "svhn"
    assert fact_of(tmp_path / "missing", "data") == ""
