import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from training.system.files import plain_file, replace_file, replacing


@pytest.mark.parametrize("sync", [True, False])
def test_a_file_is_replaced_whole_and_nothing_stays_beside_it(tmp_path: Path, sync: bool) -> None:
    file = tmp_path / "status.json"
    replace_file(file, b"first and longer", sync=sync)
    replace_file(file, b"second", sync=sync)
    assert file.read_bytes() == b"second"
    assert list(tmp_path.iterdir()) == [file]


def write_and_break_off(file: Path) -> None:
    with replacing(file) as part:
        part.write(b"half of the new o")
        raise OSError("no space left")


def test_a_write_that_breaks_off_leaves_the_old_file(tmp_path: Path) -> None:
    file = tmp_path / "checkpoint.safetensors"
    replace_file(file, b"the old one")
    with pytest.raises(OSError, match="no space left"):
        write_and_break_off(file)
    assert file.read_bytes() == b"the old one"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("name", ["", ".", "..", "/", "new/.."])
def test_a_name_that_is_always_a_folders_is_refused_as_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(IsADirectoryError, match="Is a directory"):
        replace_file(Path(name), b"new")
    assert list(tmp_path.iterdir()) == []


def test_the_old_file_is_there_until_the_new_one_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "checkpoint.safetensors"
    replace_file(file, b"the old one")
    with replacing(file) as part:
        part.write(b"the new one")
        part.flush()
        assert file.read_bytes() == b"the old one"
    assert file.read_bytes() == b"the new one"


def test_threads_that_write_one_file_do_not_tear_it(tmp_path: Path) -> None:
    file = tmp_path / "status.json"
    contents = [bytes([65 + number]) * 50_000 for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda content: replace_file(file, content, sync=False), contents * 5))
    assert file.read_bytes() in contents
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no such files")
def test_a_plain_file_is_read_and_no_link_and_no_device_is(tmp_path: Path) -> None:
    folder, outside = tmp_path / "folder", tmp_path / "outside"
    (folder / "in").mkdir(parents=True)
    outside.mkdir()
    for file in (folder / "in" / "file", outside / "file"):
        file.write_bytes(b"content")
    assert plain_file(folder, "in/file") == b"content"
    (folder / "link").symlink_to(outside / "file")
    (folder / "away").symlink_to(outside)
    os.mkfifo(folder / "pipe")
    for name in ("link", "away/file", "pipe", "in", "nowhere"):
        with pytest.raises(OSError):
            plain_file(folder, name)
