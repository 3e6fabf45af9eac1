import os
from pathlib import Path

from training.system.files import replace_file
from training.system.remembered import Remembered


def test_a_file_is_read_again_only_when_it_has_changed(tmp_path: Path) -> None:
    reads: list[Path] = []

    def read(path: Path) -> str:
        reads.append(path)
        return path.read_text()

    file, texts = tmp_path / "a", Remembered(read)
    assert texts(file) is None
    file.write_text("one")
    assert [texts(file), texts(str(file))] == ["one", "one"]
    assert len(reads) == 1
    changed = file.stat().st_mtime_ns
    replace_file(file, b"two")
    os.utime(file, ns=(changed, changed))  # a clock that stood still: size and time are the same
    assert texts(file) == "two"
    file.unlink()
    assert texts(file) is None
    assert texts("no\0name") is None


def test_it_keeps_no_more_than_it_was_allowed(tmp_path: Path) -> None:
    texts = Remembered(Path.read_text, most=3)
    for name in "abcde":
        (tmp_path / name).write_text(name)
        assert texts(tmp_path / name) == name
    assert [Path(name).name for name in texts._kept] == ["c", "d", "e"]
