"""The report by the command line."""

import sys
from pathlib import Path

import pytest

from training.cli.app import main
from training.system.folders import PRETRAINED


def called(monkeypatch: pytest.MonkeyPatch, *words: object) -> int:
    monkeypatch.setattr(sys, "argv", ["training", "report", *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_it_is_written_with_a_model_of_ones_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "report.HTML"
    assert called(monkeypatch, "--out", out, "--use", f"gmvae={PRETRAINED / 'gmvae'}", "--digit", 7) == 0
    assert "for one test image of a 7" in " ".join(out.read_text(encoding="utf-8").split())
    assert "MB." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--out", "report.txt"], "A report is written as .html or .pdf, and 'report.txt' is neither."),
        (["--out", "report.pdf", "--use", "mine"], "is written preset=PATH, such as vae=runs/mine, and 'mine' is not."),
        (["--out", "no/such/folder/report.html"], "cannot be written"),
    ],
)
def test_bad_input_is_one_sentence(
    words: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert called(monkeypatch, *words) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
