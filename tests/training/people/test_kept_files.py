from pathlib import Path

import pytest

from training.people.kept_files import KeptFile, forget_file, keep_file, kept_files, kept_folder
from training.people.viewer import MACHINE, Viewer

ANNE, BERT = Viewer("@" + "a" * 20), Viewer("@" + "b" * 20)
FACTS = KeptFile(family="vae", data="mnist", sha256="0" * 64)


def kept(name: str) -> Path:
    folder = kept_folder(ANNE)
    assert folder is not None
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.safetensors").write_bytes(b"tensors")
    keep_file(ANNE, name, FACTS)
    return folder / f"{name}.safetensors"


def test_a_file_is_its_owners_until_it_is_removed() -> None:
    file, other = kept("mine"), kept("other")
    assert kept_files(ANNE) == {"mine": (file, FACTS), "other": (other, FACTS)}
    assert kept_files(BERT) == kept_files(MACHINE) == {}
    forget_file(BERT, "mine")
    assert file.exists()
    forget_file(ANNE, "mine")
    assert not file.exists()
    assert set(kept_files(ANNE)) == {"other"}


def test_one_that_is_gone_or_became_a_link_is_none(tmp_path: Path) -> None:
    file, gone = kept("mine"), kept("gone")
    gone.unlink()
    (tmp_path / "secret").write_text("not a visitor's")
    file.unlink()
    file.symlink_to(tmp_path / "secret")
    assert kept_files(ANNE) == {}


@pytest.mark.parametrize("name", ["../../secret", "", ".", "a/b", "/etc/passwd"])
def test_no_name_in_the_index_leads_elsewhere(runs_folder: Path, name: str) -> None:
    folder = kept("mine").parent
    (runs_folder / "secret.safetensors").write_bytes(b"not a visitor's")
    keep_file(ANNE, name, FACTS)
    assert set(kept_files(ANNE)) == {"mine"}
    forget_file(ANNE, name)
    assert (runs_folder / "secret.safetensors").exists()
    assert folder.is_dir()
