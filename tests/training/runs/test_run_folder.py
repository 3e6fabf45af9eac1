import dataclasses
import json
import math
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from models import vae
from tests.image_files import read_image
from training.checkpoints.reading import load_checkpoint
from training.lab.latent_file import latent_of
from training.lab.run_index import readable_runs
from training.lab.run_notes import change_notes, read_notes
from training.runs.config import TrainConfig
from training.runs.events import Measured, Pictures, Saved
from training.runs.run_folder import Run, Status, new_run_id, read_status
from training.runs.run_writer import RunWriter, keep_as_run, mark_ended
from training.runs.worker import train_into
from training.system.errors import UserError


@pytest.fixture
def writer(runs_folder: Path, brief: TrainConfig) -> RunWriter:
    return RunWriter(runs_folder / "vae-7", brief)


@pytest.fixture
def run(writer: RunWriter) -> Run:
    return Run(writer.path)


def measured(step: int, split: str = "train", nelbo: float = 101.5) -> Measured:
    return Measured(step, step / 8, split, {"nelbo": nelbo, "kl": 19.5, "rec": nelbo - 19.5})


def saved(writer: RunWriter, step: int, shift: float = 0.0) -> Saved:
    model = vae.FAMILY.fresh(writer.config.model, seed=0).state_dict()
    moved = {name: value + shift for name, value in model.items()}
    return Saved(step, {"step": step, "seconds": step / 8, "model": moved, "optimiser": {}, "generator": torch.ones(3)})


class TestReading:
    def test_a_new_run_is_queued_and_knows_its_config(self, run: Run, brief: TrainConfig) -> None:
        assert run.config == brief
        assert (run.id, run.status().state, run.status().step, run.status().steps) == ("vae-7", "queued", 0, 60)
        assert run.metrics().steps == []
        assert run.picture_steps() == []
        assert run.resume_state() is None

    @pytest.mark.parametrize("run_id", ["", "..", "../vae-7", "/etc", "vae-7/grids", "vae-7\n", "a\0b"])
    def test_an_id_is_never_a_path(self, run: Run, run_id: str) -> None:
        with pytest.raises(UserError, match="There is no run of that name"):
            Run.named(run_id)

    def test_a_run_is_found_by_its_id(self, run: Run, runs_folder: Path) -> None:
        assert Run.named("vae-7").path == runs_folder / "vae-7"
        with pytest.raises(UserError, match="holds no training run"):
            Run.named("vae-8")

    @pytest.mark.parametrize(
        "config", [b"", b"{", b"\xff\xfe", b"[]", b'{"preset": "vae"}', b'{"family": "gan", "model": {}}'], ids=str
    )
    def test_a_folder_whose_config_cannot_be_read_is_no_run(self, run: Run, config: bytes) -> None:
        (run.path / "config.json").write_bytes(config)
        with pytest.raises(UserError, match="holds no training run that can be read") as caught:
            Run(run.path)
        assert str(caught.value).isprintable()

    def test_runs_are_listed_newest_first_and_junk_is_ignored(self, runs_folder: Path, brief: TrainConfig) -> None:
        assert list(readable_runs()) == []
        for age, name in enumerate(["vae-b", "vae-c", "vae-a"]):
            RunWriter(runs_folder / name, brief)
            stamp = 1_800_000_000 - age
            os.utime(runs_folder / name / "status.json", (stamp, stamp))
        (runs_folder / "a-file").write_text("junk")
        (runs_folder / "empty").mkdir()
        (runs_folder / "broken").mkdir()
        (runs_folder / "broken" / "config.json").write_text("{")
        assert [run.id for run in readable_runs()] == ["vae-b", "vae-c", "vae-a"]

    def test_a_run_has_one_writer(self, runs_folder: Path, brief: TrainConfig) -> None:
        first = RunWriter(runs_folder / "vae-a", brief)
        before = (runs_folder / "vae-a" / "status.json").read_bytes()
        with pytest.raises(UserError, match="is trained by another process"):
            RunWriter(runs_folder / "vae-a", brief, resume=True)
        mark_ended(runs_folder / "vae-a", "failed", "nobody may say so")
        assert (runs_folder / "vae-a" / "status.json").read_bytes() == before
        first.close()
        RunWriter(runs_folder / "vae-a", brief, resume=True).close()

    def test_new_ids_are_free_and_readable(self, runs_folder: Path, brief: TrainConfig) -> None:
        ids = []
        for _ in range(3):
            ids.append(new_run_id("vae", runs_folder))
            RunWriter(runs_folder / ids[-1], brief)
        assert len(set(ids)) == 3
        assert all(run_id.startswith("vae-20") for run_id in ids)
        assert {run.id for run in readable_runs()} == set(ids)


class TestStatus:
    def test_a_silent_heartbeat_means_interrupted(self, run: Run) -> None:
        for silence, state in ((0, "running"), (25, "running"), (40, "interrupted"), (-40, "interrupted")):
            status = Status(state="running", steps=60, step=7, updated=time.time() - silence, host="another machine")
            (run.path / "status.json").write_text(status.model_dump_json())
            assert (run.status().state, run.status().step) == (state, 7)

    @pytest.mark.parametrize("state", ["finished", "stopped", "failed"])
    def test_an_ended_run_needs_no_heartbeat(self, run: Run, state: Any) -> None:
        (run.path / "status.json").write_text(Status(state=state, steps=60, updated=1.0).model_dump_json())
        assert run.status().state == state
        assert not run.status().active

    @pytest.mark.parametrize("content", [None, b"", b'{"state": "runn', b'{"state": "dancing", "steps": 3}'], ids=str)
    def test_a_status_that_cannot_be_read_means_interrupted(self, run: Run, content: bytes | None) -> None:
        (run.path / "status.json").unlink()
        if content is not None:
            (run.path / "status.json").write_bytes(content)
        assert (run.status().state, run.status().steps) == ("interrupted", 60)

    def test_progress_is_written_with_every_sign_of_life(self, writer: RunWriter, run: Run) -> None:
        writer.update(state="running")
        writer.beat(step=3, seconds=0.5)
        assert run.status().step == 0, "one write a second is enough"
        writer.status.updated -= 2
        writer.beat()
        assert (run.status().step, run.status().seconds, run.status().steps_per_second) == (3, 0.5, 6)
        assert time.time() - run.status().updated < 60

    def test_speed_before_the_first_second_is_zero(self) -> None:
        assert Status(state="queued", steps=3).steps_per_second == 0


class TestMetrics:
    def test_measurements_are_kept_by_split(self, writer: RunWriter, run: Run) -> None:
        for event in (measured(0, "held-out"), measured(50, nelbo=200.0), measured(100, nelbo=150.0)):
            writer.record(event)
        train = run.metrics()
        assert (train.steps, train.seconds) == ([50, 100], [6.25, 12.5])
        assert train.terms == {"nelbo": [200.0, 150.0], "kl": [19.5, 19.5], "rec": [180.5, 130.5]}
        assert run.metrics("held-out").steps == [0]

    def test_a_line_is_on_disk_as_soon_as_it_is_recorded(self, writer: RunWriter) -> None:
        writer.record(measured(50))
        assert json.loads((writer.path / "metrics.jsonl").read_text())["step"] == 50

    @pytest.mark.parametrize(
        "damaged",
        [b'{"step": 150, "sec', b"\xff\xfe\x00", b"[1, 2]", b'"text"', b"3", b"null", b'{"step": 150}', b"\n\n"],
    )
    def test_a_damaged_line_is_skipped(self, writer: RunWriter, run: Run, damaged: bytes) -> None:
        writer.record(measured(50))
        with (run.path / "metrics.jsonl").open("ab") as file:
            file.write(damaged + b"\n")
        writer.record(measured(100))
        with (run.path / "metrics.jsonl").open("ab") as file:
            file.write(damaged)
        assert run.metrics().steps == [50, 100]

    def test_going_on_forgets_what_will_be_measured_again(
        self, writer: RunWriter, run: Run, brief: TrainConfig
    ) -> None:
        for event in (measured(50), saved(writer, 50), measured(100), measured(100, "held-out")):
            writer.record(event)
        with (run.path / "metrics.jsonl").open("ab") as file:
            file.write(b'{"step": 150, "sec')
        writer.close()
        again = RunWriter(run.path, brief, resume=True)
        assert (run.status().state, run.status().step, run.status().seconds) == ("queued", 50, 6.25)
        again.record(measured(100, nelbo=140.0))
        assert run.metrics().steps == [50, 100]
        assert run.metrics().terms["nelbo"] == [101.5, 140.0]
        assert run.metrics("held-out").steps == []


class TestPictures:
    def test_both_kinds_are_kept_at_their_size(self, writer: RunWriter, run: Run) -> None:
        originals = torch.rand(8, 784)
        for step in (500, 0, 1000):
            writer.record(Pictures(step, torch.rand(200, 784), originals, 1 - originals))
        assert run.picture_steps() == run.picture_steps("reconstructions") == [0, 500, 1000]
        assert read_image(run.picture(500)).size == (560, 280)
        pairs = np.asarray(read_image(run.picture(500, "reconstructions"))).astype(int)
        assert pairs.shape == (2 * 28, 8 * 28)
        assert np.abs(pairs[:28] + pairs[28:] - 255).max() <= 1

    def test_foreign_files_among_them_are_ignored(self, writer: RunWriter, run: Run) -> None:
        (run.path / "grids" / "final.png").write_text("")
        (run.path / "grids" / ".7.png.1.part").write_text("")
        assert run.picture_steps() == []


class TestState:
    def test_a_kept_state_gives_a_checkpoint_and_a_way_to_resume(self, writer: RunWriter, run: Run) -> None:
        event = saved(writer, 50)
        writer.record(event)
        loaded = load_checkpoint(run.path)
        assert (loaded.name, loaded.step, loaded.config) == ("vae-7", 50, writer.config.model)
        state = run.resume_state()
        assert state is not None
        for kept in (loaded.state, state["model"]):
            assert all(torch.equal(kept[name], value) for name, value in event.state["model"].items())
        assert (state["step"], state["seconds"]) == (50, 6.25)
        assert (run.status().step, run.status().seconds) == (50, 6.25)

    @pytest.mark.parametrize("broken", ["resume.pt", "checkpoint.safetensors"])
    def test_a_write_that_breaks_off_keeps_the_last_whole_one(
        self, writer: RunWriter, run: Run, broken: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        writer.record(saved(writer, 50))
        files = [run.checkpoint_file, run.path / "resume.pt"]
        before = {file: file.read_bytes() for file in files}
        real: Callable[..., Any] = Path.replace

        def power_cut(path: Path, target: Path) -> Path:
            if Path(target).name == broken:
                raise OSError(28, "No space left on device")
            replaced: Path = real(path, target)
            return replaced

        monkeypatch.setattr(Path, "replace", power_cut)
        with pytest.raises(OSError, match="No space left"):
            writer.record(saved(writer, 100, shift=1.0))
        assert (run.path / broken).read_bytes() == before[run.path / broken]
        assert load_checkpoint(run.path).step == 50
        state = run.resume_state()
        assert state is not None
        assert state["step"] in (50, 100)

    def test_a_damaged_state_gives_way_to_the_one_before_it(self, writer: RunWriter, run: Run) -> None:
        for step in (50, 100):
            writer.record(saved(writer, step))
        content = (run.path / "resume.pt").read_bytes()
        damaged = [content[:length] for length in (0, 1, 10, 100, len(content) // 2, len(content) - 1)]
        for each in (*damaged, b"not a state at all"):
            (run.path / "resume.pt").write_bytes(each)
            state = run.resume_state()
            assert state is not None
            assert state["step"] == 50
        (run.path / "resume-before.pt").write_bytes(b"")
        assert run.resume_state() is None

    def test_the_kept_ones_are_there_until_a_resume_from_before_them(
        self, writer: RunWriter, run: Run, brief: TrainConfig
    ) -> None:
        for step, kept in ((50, False), (100, True), (150, True)):
            writer.record(dataclasses.replace(saved(writer, step), kept=kept))
        assert run.kept_steps() == [100, 150]
        assert load_checkpoint(run.kept_file(100)).step == 100
        (run.path / "resume.pt").write_bytes(b"")
        writer.close()
        RunWriter(run.path, brief, resume=True).close()
        assert run.kept_steps() == [100]


class TestWriting:
    def test_a_folder_that_holds_something_is_refused_and_left_alone(self, tmp_path: Path, brief: TrainConfig) -> None:
        (tmp_path / "thesis.txt").write_text("years of work")
        with pytest.raises(UserError, match="is not empty: choose a new folder"):
            RunWriter(tmp_path, brief)
        assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]

    def test_a_folder_that_cannot_be_made_is_named(self, tmp_path: Path, brief: TrainConfig) -> None:
        (tmp_path / "file").write_text("in the way")
        for path in (tmp_path / "file", tmp_path / "file" / "run"):
            with pytest.raises(UserError, match=r"cannot be written \(.+\): choose another folder"):
                RunWriter(path, brief)

    def test_numbers_that_are_not_finite_can_be_read_again(self, writer: RunWriter, run: Run) -> None:
        writer.record(measured(50, "held-out", math.inf))
        assert run.metrics("held-out").terms["nelbo"] == [math.inf]


class TestKeepingAStrangersWeights:
    def test_they_become_a_finished_run_that_loads_bit_for_bit(self, digit_file: Path, runs_folder: Path) -> None:
        source = load_checkpoint(digit_file)
        run = keep_as_run(source)
        again = load_checkpoint(run.path)
        assert run.path.parent == runs_folder
        assert (again.family.name, again.config, again.step) == ("vae", source.config, 19)
        assert all(torch.equal(again.state[name], value) for name, value in source.state.items())
        assert (run.status().state, run.status().step, run.status().steps) == ("finished", 19, 19)
        assert "trained elsewhere" in run.status().message
        assert [each.id for each in readable_runs()] == [run.id]
        assert keep_as_run(source).id != run.id

    def test_a_folder_that_cannot_be_written_is_said(self, digit_file: Path, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(UserError, match="cannot be written"):
            keep_as_run(load_checkpoint(digit_file), tmp_path / "file")


def test_no_link_in_a_run_folder_is_followed(tmp_path: Path, brief: TrainConfig) -> None:
    """Each file of a run is read; the same file behind a link is as if it were missing."""
    train_into(RunWriter(tmp_path / "run", brief))
    run = Run(tmp_path / "run")
    step = run.picture_steps()[-1]
    change_notes(run.path, name="mine")
    assert run.metrics().steps
    for name in ("status.json", "metrics.jsonl", "latent.jsonl", "about.json", f"grids/{step}.png", "reconstructions"):
        (run.path / name).rename(tmp_path / "elsewhere")
        (run.path / name).symlink_to(tmp_path / "elsewhere")
        found: dict[str, Any] = {
            "status.json": read_status(run.path),
            "metrics.jsonl": run.metrics().steps or None,
            "latent.jsonl": latent_of(run.path),
            "about.json": read_notes(run.path).name or None,
            f"grids/{step}.png": step if step in run.picture_steps() else None,
            "reconstructions": run.picture_steps("reconstructions") or None,
        }
        assert [each for each, value in found.items() if value is None] == [name]
        (run.path / name).unlink()
        (tmp_path / "elsewhere").rename(run.path / name)
    (run.path / "config.json").rename(tmp_path / "elsewhere")
    (run.path / "config.json").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UserError, match="holds no training run"):
        Run(run.path)
