from pathlib import Path

import pytest

from training.system.json_lines import append_row, rows_of


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "rows.jsonl"


def test_rows_are_read_as_they_are_appended(file: Path) -> None:
    assert rows_of(file) == []
    for number in range(300):
        append_row(file, {"step": number})
        assert rows_of(file)[-1] == {"step": number}
    assert [row["step"] for row in rows_of(file)] == list(range(300))


def test_only_what_is_new_is_read_again(file: Path) -> None:
    append_row(file, {"step": 1})
    first = rows_of(file)
    append_row(file, {"step": 2})
    assert rows_of(file)[0] is first[0]


@pytest.mark.parametrize(
    "content", [b'{"step": 7}\n' * 100, b'{"step": 7}\n', b"", b'{"other": 123456}\n{"step": 8}\n']
)
def test_another_file_of_the_same_name_is_read_from_its_start(file: Path, content: bytes) -> None:
    for number in range(3):
        append_row(file, {"step": number})
    rows_of(file)
    file.write_bytes(content)
    assert len(rows_of(file)) == content.count(b"\n")
    assert not any(row == {"step": 0} for row in rows_of(file))


def test_a_line_that_a_crash_left_incomplete_is_skipped_and_closed(file: Path) -> None:
    append_row(file, {"step": 1})
    with file.open("ab") as opened:
        opened.write(b'{"step": 2, "te')
    assert rows_of(file) == [{"step": 1}]
    append_row(file, {"step": 3})
    assert rows_of(file) == [{"step": 1}, {"step": 3}]


@pytest.mark.parametrize("line", [b"[1]", b"3", b"null", b'"text"', b"\xff\xfe", b"", b"{"])
def test_what_is_no_object_is_skipped(file: Path, line: bytes) -> None:
    file.write_bytes(line + b'\n{"step": 1}\n')
    assert rows_of(file) == [{"step": 1}]


def test_a_last_line_without_an_end_counts_once(file: Path) -> None:
    file.write_bytes(b'{"step": 1}\n{"step": 2}')
    for _ in range(2):
        assert rows_of(file) == [{"step": 1}, {"step": 2}]
    append_row(file, {"step": 3})
    assert rows_of(file) == [{"step": 1}, {"step": 2}, {"step": 3}]
