"""`python -m training runs ...`: what there is, what it is called, and the bin."""

import io
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.training.cli.test_app import Command, command, refused  # noqa: F401 -- fixtures
from tests.training.lab.test_run_summaries import made, measured
from training.lab.run_bin import binned_runs
from training.lab.run_index import readable_runs, run_ids
from training.lab.run_notes import read_notes
from training.runs.config import TrainConfig
from training.runs.run_writer import RunWriter
from training.runs.worker import train_into


@pytest.fixture
def two(runs_folder: Path) -> tuple[Path, Path]:
    """vae-11 of seed 1 and vae-12 of seed 2, the first measured."""
    one, other = made(runs_folder, "vae-11", seed=1), made(runs_folder, "vae-12", seed=2)
    measured(one, (250, "held-out", {"nelbo": 150.5, "kl": 5.25, "rec": 145.25}))
    return one, other


@pytest.mark.usefixtures("two")
class TestList:
    def test_for_a_person(self, command: Command) -> None:  # noqa: F811
        code, out, err = command("runs", "list")
        assert (code, err) == (0, "")
        assert "vae-11" in out
        assert "150.50" in out
        assert "seed 2" in " ".join(out.split())

    def test_for_a_machine(self, command: Command) -> None:  # noqa: F811
        runs = {run["id"]: run for run in json.loads(command("runs", "list", "--json").out)}
        assert runs["vae-11"]["held_out"] == {"nelbo": 150.5, "kl": 5.25, "rec": 145.25}
        assert runs["vae-12"]["settings"]["seed"] == "2"
        assert runs["vae-12"]["binned"] is None

    def test_one_run(self, command: Command) -> None:  # noqa: F811
        out = command("runs", "show", "vae-11").out
        assert "nelbo 150.50" in out
        assert json.loads(command("runs", "show", "vae-12", "--json").out)["state"] == "finished"


def test_no_runs_is_a_sentence(command: Command, runs_folder: Path) -> None:  # noqa: F811
    assert command("runs", "list").err == f"There are no runs in {runs_folder}.\n"
    assert json.loads(command("runs", "list", "--json").out) == []
    assert command("runs", "empty-bin", "--yes").err == "The bin is empty.\n"


def test_a_run_is_named_noted_and_tagged(command: Command, two: tuple[Path, Path]) -> None:  # noqa: F811
    assert command("runs", "rename", "vae-11", "the first").err == "vae-11; named the first\n"
    command("runs", "note", "vae-11", "Learns fast.")
    command("runs", "tag", "vae-11", "good", "seed")
    command("runs", "tag", "vae-11", "seed", "--remove")
    notes = read_notes(two[0])
    assert (notes.name, notes.note, notes.tags) == ("the first", "Learns fast.", ("good",))
    assert "first" in command("runs", "list").out
    assert command("runs", "rename", "vae-11", "").code == 0
    assert read_notes(two[0]).name == ""


def test_deleted_runs_are_in_the_bin_until_it_is_emptied(command: Command, two: tuple[Path, Path]) -> None:  # noqa: F811
    assert "runs restore vae-11" in command("runs", "delete", "vae-11", "vae-12").err
    assert run_ids() == []
    assert len(json.loads(command("runs", "list", "--bin", "--json").out)) == 2
    assert command("runs", "restore", "vae-12").err == "vae-12 is back.\n"
    assert list(binned_runs()) == ["vae-11"]
    assert command("runs", "empty-bin", "--yes").err == "1 run is gone.\n"
    assert not two[0].exists()
    assert two[1].is_dir()


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["show", "vae-1"], "'vae-1' is the beginning of vae-11 or vae-12: write more of it."),
        (["show", "gmvae"], "There is no run 'gmvae' in "),
        (["show", ""], "There is no run '' in "),
        (["delete", "../vae-11"], "There is no run '../vae-11' in "),
        (["restore", "vae-11"], "There is no run 'vae-11' in the bin: see `python -m training runs list`."),
        (["tag", "vae-11", "two words"], "each one word of at most 24 characters."),
        (["rename", "vae-11", "x" * 81], "A run's name has at most 80 characters."),
        (["shuffle"], "`python -m training --help` lists what there is."),
    ],
)
def test_what_is_wrong_is_one_sentence(refused: Callable[..., str], words: list[str], sentence: str) -> None:  # noqa: F811
    said = refused("runs", *words)
    assert sentence in said or said.startswith(sentence)


def test_a_run_that_trains_is_not_deleted(refused: Callable[..., str], runs_folder: Path) -> None:  # noqa: F811
    made(runs_folder, "vae-7", state="running", updated=time.time())
    assert refused("runs", "delete", "vae-7") == "The run vae-7 is training now: stop it first, then delete it."
    assert run_ids() == ["vae-7"]


def test_the_bin_is_emptied_only_after_a_yes(
    command: Command,  # noqa: F811
    two: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    command("runs", "delete", "vae-11")
    for answer, code, there in (("", 130, True), ("n\n", 130, True), ("y\n", 0, False)):
        monkeypatch.setattr(sys, "stdin", io.StringIO(answer))
        assert command("runs", "empty-bin").code == code
        assert two[0].is_dir() == there


def test_a_fork_trains_from_a_runs_weights(
    command: Command,  # noqa: F811
    refused: Callable[..., str],  # noqa: F811
    runs_folder: Path,
    brief: TrainConfig,
    no_mnist: Path,
) -> None:
    train_into(RunWriter(runs_folder / "vae-7", brief))
    assert command("runs", "fork", "vae-7", "--steps", 3, "--learning-rate", 1e-4).code == 0
    (forked,) = [run for run in readable_runs() if run.id != "vae-7"]
    assert (forked.status().state, forked.config.steps, forked.config.learning_rate) == ("finished", 3, 1e-4)
    parent = read_notes(forked.path).parent
    assert parent is not None
    assert (parent.run, parent.step) == ("vae-7", 60)
    assert "kept weights at 60" in refused("runs", "fork", "vae-7", "--step", 30)
    assert "keeps the sizes" in refused("runs", "fork", "vae-7", "--set", "z=7")
    assert "There is no run" in refused("runs", "fork", "nobody")


class TestBundle:
    def test_out_and_in_again(self, command: Command, runs_folder: Path, brief: TrainConfig, tmp_path: Path) -> None:  # noqa: F811
        train_into(RunWriter(runs_folder / "mine", brief))
        file = tmp_path / "out.zip"
        code, _, err = command("runs", "bundle", "mi", "--out", str(file))
        assert (code, "out.zip has" in err) == (0, True)
        code, out, err = command("runs", "open", str(file))
        assert (code, out.strip()) == (0, "mine-2")
        assert "mine-2 is here, finished at step 60" in err

    def test_what_is_no_bundle(self, refused: Callable[..., str], tmp_path: Path, runs_folder: Path) -> None:  # noqa: F811
        (tmp_path / "no.zip").write_text("none")
        assert "no.zip cannot be opened as a run" in refused("runs", "open", str(tmp_path / "no.zip"))
        assert "There is no file" in refused("runs", "open", str(tmp_path / "nowhere.zip"))
        assert not list(runs_folder.glob("*"))


class TestTakingAlong:
    @pytest.fixture
    def mine(self, runs_folder: Path, brief: TrainConfig) -> None:
        train_into(RunWriter(runs_folder / "mine", brief))

    @pytest.mark.usefixtures("mine")
    def test_programs_and_numbers(self, command: Command, tmp_path: Path) -> None:  # noqa: F811
        compile(command("runs", "script", "mine").out, "script", "exec")
        assert command("runs", "script", "mine", "--out", str(tmp_path / "s.py")) == (0, "", "")
        assert "python s.py FOLDER" in (tmp_path / "s.py").read_text()
        assert json.loads(command("runs", "notebook", "mine").out)["nbformat"] == 4
        assert command("runs", "csv", "mine").out.startswith("step,seconds,split,nelbo,kl,rec")

    @pytest.mark.usefixtures("mine")
    def test_a_place_that_cannot_be_written(self, refused: Callable[..., str], tmp_path: Path) -> None:  # noqa: F811
        assert "cannot be written" in refused("runs", "csv", "mine", "--out", str(tmp_path / "no" / "where.csv"))
