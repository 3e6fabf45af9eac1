"""A run's measurements for other programs."""

import csv
import io
import zipfile
from pathlib import Path

import pytest

from training.runs.config import TrainConfig
from training.runs.run_folder import Run
from training.runs.run_writer import RunWriter
from training.runs.worker import train_into
from training.system.errors import UserError
from training.takeaway import measurements
from training.takeaway.measurements import events_zip, measurements_csv, why_no_events, write_events


@pytest.fixture
def run(runs_folder: Path, brief: TrainConfig) -> Run:
    train_into(RunWriter(runs_folder / "mine", brief))
    return Run(runs_folder / "mine")


def test_every_measurement_is_a_row(run: Run) -> None:
    rows = list(csv.DictReader(io.StringIO(measurements_csv(run).decode())))
    for split in ("train", "held-out"):
        table, own = run.metrics(split), [row for row in rows if row["split"] == split]
        assert [int(row["step"]) for row in own] == table.steps
        assert [float(row["nelbo"]) for row in own] == table.terms["nelbo"]
    assert [int(row["step"]) for row in rows] == sorted(int(row["step"]) for row in rows)


def test_a_run_without_measurements_is_an_empty_table(run: Run) -> None:
    run.metrics_file.unlink()
    assert measurements_csv(run).decode().strip() == ""


def test_without_tensorboard_there_is_a_sentence(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measurements.importlib.util, "find_spec", lambda name: None)
    assert "pip install tensorboard" in why_no_events()
    with pytest.raises(UserError, match="need the package tensorboard"):
        write_events(run, tmp_path)
    assert list(tmp_path.glob("events*")) == []


def test_tensorboard_reads_what_was_written(run: Run, tmp_path: Path) -> None:
    accumulators = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    with zipfile.ZipFile(io.BytesIO(events_zip(run))) as archive:
        archive.extractall(tmp_path)
    for split in ("train", "held-out"):
        found = accumulators.EventAccumulator(str(tmp_path / "mine" / split))
        found.Reload()
        table = run.metrics(split)
        assert [each.step for each in found.Scalars("nelbo")] == table.steps
        assert [each.value for each in found.Scalars("nelbo")] == pytest.approx(table.terms["nelbo"], rel=1e-6)
