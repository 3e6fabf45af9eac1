from pathlib import Path

import pytest

from training.lab.run_index import run_ids
from training.runs.run_folder import is_run_id


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
