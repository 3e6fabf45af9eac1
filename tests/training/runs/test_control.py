import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.runs.control import Command, ask, commands_from, end_of
from training.system.errors import UserError


def test_what_is_asked_is_heard_once_and_in_order(tmp_path: Path) -> None:
    first = ask(tmp_path, "pause")
    assert commands_from(tmp_path, 0) == ([Command(do="pause")], first)
    ask(tmp_path, "kl_weight", 4)
    last = ask(tmp_path, "go")
    assert commands_from(tmp_path, first) == ([Command(do="kl_weight", value=4), Command(do="go")], last)
    assert commands_from(tmp_path, last) == ([], last)
    assert end_of(tmp_path) == last


@pytest.mark.parametrize(
    ("do", "value"),
    [
        ("learning_rate", 0.0),
        ("learning_rate", 1.5),
        ("learning_rate", math.nan),
        ("kl_weight", -1.0),
        ("kl_weight", math.inf),
        ("warmup", 1e9),
        ("pace", 0.01),
        ("pace", 1e6),
    ],
)
def test_a_value_out_of_range_is_one_sentence_and_leaves_no_trace(tmp_path: Path, do: str, value: float) -> None:
    with pytest.raises(UserError, match="should be from"):
        ask(tmp_path, do, value)  # type: ignore[arg-type]
    assert end_of(tmp_path) == 0


def test_a_folder_that_is_gone_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be written"):
        ask(tmp_path / "gone", "stop")
    assert commands_from(tmp_path / "gone", 0) == ([], 0)


@given(st.binary(max_size=300))
def test_whatever_stands_in_the_file_is_skipped_or_a_command(content: bytes) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "control.jsonl").write_bytes(content + b'\n{"do": "stop"}\n{"do": "pa')
        commands, heard = commands_from(Path(folder), 0)
        assert commands[-1] == Command(do="stop")
        assert heard == len(content) + len(b'\n{"do": "stop"}\n')
