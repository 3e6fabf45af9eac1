import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from training.checkpoints.reading import load_checkpoint
from training.runs.config import TrainConfig
from training.runs.events import Event, Measured
from training.runs.run_folder import Run
from training.runs.run_writer import RunWriter
from training.runs.worker import train_into


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "run"


def stop_after(steps: int) -> Callable[[], bool]:
    asked = iter(range(steps))
    return lambda: next(asked, None) is None


def kept_step(run: Run) -> int:
    state = run.resume_state()
    assert state is not None
    return int(state["step"])


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return dict(load_checkpoint(folder).state)


def test_a_finished_training_leaves_everything_in_its_folder(folder: Path, brief: TrainConfig) -> None:
    heard: list[Event] = []
    status = train_into(RunWriter(folder, brief), on_event=heard.append)
    run = Run(folder)
    assert (status.state, status.step, status.message) == ("finished", 60, "")
    assert run.status() == status
    assert status.seconds > 0
    assert load_checkpoint(folder).step == kept_step(run) == 60
    assert run.metrics().steps == [50, 60]
    assert run.metrics("held-out").steps == [0, 60]
    assert run.picture_steps() == run.picture_steps("reconstructions") == [0, 60]
    assert [event.step for event in heard if isinstance(event, Measured)] == [0, 50, 60, 60]
    assert {path.name for path in folder.iterdir()} == {
        *("config.json", "status.json", "metrics.jsonl", "latent.jsonl", "checkpoint.safetensors", "resume.pt"),
        *("resume-before.pt", "grids", "reconstructions", ".lock"),
    }


def test_a_stopped_training_goes_on_to_the_same_weights(folder: Path, tmp_path: Path, brief: TrainConfig) -> None:
    status = train_into(RunWriter(folder, brief), should_stop=stop_after(23))
    assert (status.state, status.step) == ("stopped", 23)
    status = train_into(RunWriter(folder, brief, resume=True))
    assert (status.state, status.step) == ("finished", 60)
    assert Run(folder).metrics().steps == [50, 60]
    train_into(RunWriter(tmp_path / "whole", brief))
    whole = weights(tmp_path / "whole")
    assert all(torch.equal(value, whole[name]) for name, value in weights(folder).items())


def test_a_diverged_training_keeps_its_last_sound_checkpoint(folder: Path, brief: TrainConfig) -> None:
    train_into(RunWriter(folder, brief), should_stop=stop_after(7))
    before = Run(folder).checkpoint_file.read_bytes()
    writer = RunWriter(folder, brief, resume=True)
    assert writer.kept is not None
    writer.kept["model"]["enc.net.0.weight"][3, 5] = torch.nan
    status = train_into(writer)
    assert status.state == "failed"
    assert "lower learning rate" in status.message
    assert status.message.isprintable()
    assert Run(folder).status() == status
    assert Run(folder).checkpoint_file.read_bytes() == before
    assert load_checkpoint(folder).step == kept_step(Run(folder)) == 7


def test_missing_data_are_said_in_the_status(folder: Path, brief: TrainConfig) -> None:
    status = train_into(RunWriter(folder, brief.model_copy(update={"data": "mnist"})))
    assert status.state == "failed"
    assert "python -m training download" in status.message
    assert not (folder / "error.txt").exists()


def test_an_unexpected_error_leaves_its_traceback_in_the_folder(folder: Path, brief: TrainConfig) -> None:
    def broken(event: Event) -> None:
        if event.step == 50:
            raise ZeroDivisionError("a fault of ours")

    status = train_into(RunWriter(folder, brief), on_event=broken)
    assert status.state == Run(folder).status().state == "failed"
    assert "ZeroDivisionError: a fault of ours" in status.message
    assert "Traceback" not in status.message
    assert "Traceback" in (folder / "error.txt").read_text()
    assert load_checkpoint(folder).step == 0


def test_a_folder_that_vanishes_ends_the_training_without_an_exception(
    folder: Path, brief: TrainConfig, capfd: pytest.CaptureFixture[str]
) -> None:
    status = train_into(RunWriter(folder, brief), on_event=lambda event: shutil.rmtree(folder, ignore_errors=True))
    assert status.state == "failed"
    assert "could not be read or written" in status.message
    assert capfd.readouterr() == ("", "")


def test_every_step_gives_a_sign_of_life(folder: Path, brief: TrainConfig) -> None:
    """Fifty slow steps lie between two measurements: a run must not look interrupted meanwhile."""
    writer = RunWriter(folder, brief)
    beats = []

    def look() -> bool:
        beats.append(Run(folder).status().updated)
        writer.status.updated -= 2  # as if two seconds had passed
        return False

    train_into(writer, should_stop=look)
    assert len(set(beats)) == len(beats) == 60
