import json
import math
import os
import time
from pathlib import Path
from typing import Any

import pytest

from training.lab import run_index
from training.lab.run_index import active_run, run_ids
from training.lab.run_notes import change_notes
from training.lab.run_summaries import (
    TAIL_BYTES,
    differing,
    metrics_of,
    run_summaries,
    run_summary,
    shipped_summaries,
)
from training.runs.config import TrainConfig
from training.runs.run_folder import SILENT_SECONDS, Status
from training.system.files import replace_file


def made(folder: Path, name: str, *, state: str = "finished", updated: float = 0.0, **changes: Any) -> Path:
    """A run as far as a table reads it, without a training."""
    path, steps = folder / name, changes.pop("steps", 900)
    path.mkdir(parents=True)
    config = TrainConfig.from_preset("vae", data="mnist-sample", device="cpu", steps=steps, **changes)
    (path / "config.json").write_text(config.model_dump_json())
    status = Status.model_validate(
        {"state": state, "step": 300, "steps": steps, "seconds": 60, "updated": updated or time.time()}
    )
    (path / "status.json").write_text(status.model_dump_json())
    return path


def measured(path: Path, *rows: tuple[int, str, dict[str, float]]) -> None:
    lines = [json.dumps({"step": s, "seconds": s / 5, "split": split, "terms": terms}) for s, split, terms in rows]
    (path / "metrics.jsonl").write_text("".join(f"{line}\n" for line in lines))


def test_a_run_is_summed_up_from_its_files(tmp_path: Path) -> None:
    path = made(tmp_path, "vae-1", seed=3, model={"z": 20})
    measured(
        path, (0, "held-out", {"nelbo": 545.0}), (250, "held-out", {"nelbo": 150.5}), (300, "train", {"nelbo": 1.0})
    )
    change_notes(path, name="wide", tags=["z"])
    [run] = run_summaries(tmp_path)
    assert (run.title, run.label, run.recipe, run.data) == ("run vae-1", "wide", "vae", "mnist-sample")
    assert (run.state, run.step, run.steps, run.seconds) == ("finished", 300, 900, 60.0)
    assert run.terms == {"nelbo": 150.5}
    assert (run.settings["z"], run.settings["seed"], run.settings["hidden"]) == ("20", "3", "300,300")
    assert run.train_images == 5000
    assert run.scale == "MNIST"
    assert metrics_of(path, "held-out").terms == {"nelbo": [545.0, 150.5]}
    change_notes(path, name="")
    assert run_summaries(tmp_path)[0].label == "vae-1"


def test_what_changes_is_read_again_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [made(tmp_path, f"vae-{seed}", seed=seed) for seed in range(5)]
    run_summaries(tmp_path)
    read: list[Path] = []
    opened = os.open

    def counted(path: Any, *how: Any, **more: Any) -> int:
        read.append(Path(path))
        return opened(path, *how, **more)

    monkeypatch.setattr(os, "open", counted)
    assert len(run_summaries(tmp_path)) == 5
    assert read == []
    status = Status(state="stopped", step=301, steps=900)
    replace_file(paths[2] / "status.json", status.model_dump_json().encode())
    read.clear()
    assert {run.id: run.state for run in run_summaries(tmp_path)}["vae-2"] == "stopped"
    assert read == [paths[2] / "status.json"]


def test_a_run_that_falls_silent_is_interrupted_though_no_file_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(tmp_path, "vae-1", state="running")
    assert run_summaries(tmp_path)[0].state == "running"
    assert active_run(tmp_path) == "vae-1"
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + SILENT_SECONDS + 1)
    assert run_summaries(tmp_path)[0].state == "interrupted"
    assert active_run(tmp_path) is None


@pytest.mark.parametrize(
    "config",
    ["", "[]", '{"preset": "vae"}', '{"preset": "vae", "family": "vae", "data": "mnist", "steps": "x", "model": {}}',
     '{"preset": "vae", "family": "vae", "data": "mnist", "steps": 0, "model": {}}', "[" * 100_000],
)  # fmt: skip
def test_a_run_whose_config_is_damaged_is_listed_and_says_so(tmp_path: Path, config: str) -> None:
    path = made(tmp_path, "vae-1")
    measured(path, (250, "held-out", {"nelbo": 150.5}))
    change_notes(path, name="mine")
    (path / "config.json").write_text(config)
    (tmp_path / "no-run").mkdir()
    (tmp_path / "no-run" / "config.json").write_text(config)
    made(tmp_path, "vae-2")
    runs = {run.id: run for run in run_summaries(tmp_path)}
    assert runs.keys() == {"vae-1", "vae-2"}
    damaged = runs["vae-1"]
    assert (damaged.state, damaged.label, damaged.step, dict(damaged.terms)) == ("failed", "mine", 300, {})
    assert damaged.message.startswith("Its config.json is damaged")
    assert run_summary(tmp_path / "no-run") is None


def test_the_newest_measurement_is_found_at_the_end_of_a_long_file(tmp_path: Path) -> None:
    path = made(tmp_path, "vae-1")
    rows = [(step, "train", {"nelbo": 100.0}) for step in range(2000)]
    measured(path, *rows, (2000, "held-out", {"nelbo": math.nan, "kl": 19.5}))
    assert (path / "metrics.jsonl").stat().st_size > 2 * TAIL_BYTES
    with (path / "metrics.jsonl").open("a") as file:
        file.write('{"step": 2050, "spl')
    [run] = run_summaries(tmp_path)
    assert run.terms["kl"] == 19.5
    assert math.isnan(run.terms["nelbo"])


def test_settings_differ_among_runs_of_one_recipe(tmp_path: Path) -> None:
    made(tmp_path, "a", seed=1)
    made(tmp_path, "b", seed=2, model={"z": 20})
    made(tmp_path, "c", seed=1)
    runs = {run.id: run for run in run_summaries(tmp_path)}
    found = differing(runs.values())
    assert set(map(tuple, found.values())) == {("z", "seed")}
    assert runs["a"].but_its_seed == runs["c"].but_its_seed != runs["b"].but_its_seed
    assert differing([runs["a"]]) == {"run a": []}


def test_shipped_models_are_summed_up_too() -> None:
    runs = {run.id: run for run in shipped_summaries()}
    vae = runs["vae"]
    assert (vae.state, vae.step, vae.data, vae.settings["seed"]) == ("shipped", 20_000, "mnist", "1")
    assert 95 < vae.terms["nelbo"] < 105
    assert vae.title == "shipped vae"
    assert runs["fsvae"].scale != runs["fsvae-conv"].scale
    assert runs["vae"].scale == runs["gmvae"].scale


def test_a_thousand_runs_are_listed_at_once(tmp_path: Path, quiet_machine: None) -> None:
    config = TrainConfig.from_preset("vae", data="mnist-sample", device="cpu").model_dump_json()
    row = json.dumps({"step": 0, "seconds": 0.1, "split": "held-out", "terms": {"nelbo": 545.0}})
    for number in range(1000):
        path = tmp_path / f"vae-{number}"
        path.mkdir()
        (path / "config.json").write_text(config)
        (path / "status.json").write_text(Status(state="finished", steps=9).model_dump_json())
        (path / "metrics.jsonl").write_text(f"{row}\n" * 50)

    def seconds() -> float:
        began = time.perf_counter()
        assert len(run_summaries(tmp_path)) == 1000
        assert active_run(tmp_path) is None
        assert len(run_ids(tmp_path)) == 1000
        return time.perf_counter() - began

    assert seconds() < 1.0
    assert min(seconds() for _ in range(3)) < 0.15
    assert run_index.active_run(tmp_path) is None
