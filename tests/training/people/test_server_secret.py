import os
from pathlib import Path

import pytest

from training.people.server_secret import fingerprint, server_secret


def test_it_is_kept_and_its_owner_alone_may_read_it(runs_folder: Path) -> None:
    assert server_secret() == server_secret()
    assert len(server_secret()) == 32
    assert [file.name for file in runs_folder.iterdir()] == [".secret"]
    if os.name == "posix":
        assert (runs_folder / ".secret").stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(os.name != "posix", reason="modes of files are POSIX")
def test_one_that_others_could_read_is_theirs_no_longer(runs_folder: Path) -> None:
    server_secret()
    (runs_folder / ".secret").chmod(0o644)
    server_secret()
    assert (runs_folder / ".secret").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", [b"", b"short", bytes(33)])
def test_a_damaged_one_is_made_anew(runs_folder: Path, content: bytes) -> None:
    runs_folder.mkdir()
    (runs_folder / ".secret").write_bytes(content)
    assert server_secret() == (runs_folder / ".secret").read_bytes() != content


def test_a_link_to_another_file_is_not_followed(runs_folder: Path, tmp_path: Path) -> None:
    runs_folder.mkdir()
    (tmp_path / "known").write_bytes(bytes(32))
    (runs_folder / ".secret").symlink_to(tmp_path / "known")
    assert server_secret() != bytes(32)
    assert (tmp_path / "known").read_bytes() == bytes(32)


def test_where_nothing_can_be_written_it_lasts_as_long_as_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("ELBO_LAB_RUNS", str(tmp_path / "file"))
    assert server_secret() == server_secret()


def test_one_of_the_environment_takes_its_place(runs_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = fingerprint("a")
    monkeypatch.setenv("ELBO_LAB_SECRET", "too short")
    assert fingerprint("a") == own
    monkeypatch.setenv("ELBO_LAB_SECRET", "chosen by whoever runs it")
    assert fingerprint("a") != own


def test_texts_are_not_run_together() -> None:
    assert fingerprint("ab", "c") != fingerprint("a", "bc")
