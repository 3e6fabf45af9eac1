"""A run as a program: script and notebook are executed, and end with the run's NELBO to the last bit."""

import gzip
import io
import json
import re
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import replace
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy.io import savemat

from models.registry import FAMILIES
from training.checkpoints.reading import load_checkpoint
from training.data import mnist
from training.data.registry import DATA_SETS, data_set
from training.data.svhn import read_svhn
from training.lab.fork import make_fork
from training.runs.config import TrainConfig
from training.runs.control import ask
from training.runs.run_folder import Run
from training.runs.run_writer import RunWriter, keep_as_run
from training.runs.worker import train_into
from training.system.device import prepare_thread
from training.system.errors import UserError
from training.system.folders import PROJECT, data_folder
from training.takeaway.script import notebook, reading_of, retrain_script, why_no_script

SIZES: dict[str, dict[str, Any]] = {
    "vae": {},
    "beta-vae": {"beta": 3},
    "gmvae": {"k": 7},
    "vampprior": {"k": 7},
    "ssvae": {"labelled": 30},
    "fsvae": {},
    "fsvae-conv": {"channels": (2, 3, 4), "width": 7},
}
CONTRIBUTING = (PROJECT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def executed(program: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """What a program prints; its modules are others' alone."""
    monkeypatch.setattr(sys, "argv", ["retrain.py", str(folder)])
    assert not re.search(r"^\s*(from|import) (models|training|numpy|pydantic|jaxtyping)", program, re.MULTILINE)
    said = io.StringIO()
    with redirect_stdout(said):
        exec(compile(program, "retrain.py", "exec"), {"__name__": "retrain"})
    return said.getvalue()


def cells_of(text: str) -> list[str]:
    """The code of a notebook, one cell after the other."""
    read = json.loads(text)
    assert read["nbformat"] == 4
    assert {cell["cell_type"] for cell in read["cells"]} == {"code", "markdown"}
    return ["".join(cell["source"]) for cell in read["cells"] if cell["cell_type"] == "code"]


def in_cells(text: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """What a notebook prints, its cells executed one by one."""
    monkeypatch.setattr(sys, "argv", ["launcher", "-f", "kernel.json"])
    said, names = io.StringIO(), {"__name__": "__main__"}
    with redirect_stdout(said):
        for cell in cells_of(text):
            exec(compile(re.sub(r"^DATA = Path\(.*?\)", f"DATA = Path({str(folder)!r})", cell), "cell", "exec"), names)
    return said.getvalue()


def trained(path: Path, config: TrainConfig, **more: Any) -> Run:
    prepare_thread()  # as the process of every training does
    train_into(RunWriter(path, config), **more)
    return Run(path)


def config_of(family: str, **changes: Any) -> TrainConfig:
    entry = FAMILIES[family]
    sizes = {"z": 5} | ({} if family == "fsvae-conv" else {"hidden": (11, 13)}) | SIZES.get(family, {})
    asked: dict[str, Any] = {"steps": 23, "batch_size": 7, "device": "cpu", "model": sizes, "seed": 3}
    data = "mnist-sample" if entry.images == "binary" else "svhn"
    return TrainConfig.from_preset(entry.presets[0].name, data=data, **(asked | changes))


def ends_equal(run: Run, said: str) -> bool:
    """Whether a program printed the run's own NELBO, and says so."""
    nelbo = run.metrics("held-out").terms["nelbo"][-1]
    return f"NELBO {nelbo!r} nats per image" in said and said.endswith("the same bits as the run's\n")


@pytest.mark.parametrize("family", FAMILIES)
def test_script_and_notebook_of_every_family_end_with_the_runs_bits(
    family: str, runs_folder: Path, svhn_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = trained(runs_folder / "mine", config_of(family))
    folder = PROJECT / "assets" if run.config.data == "mnist-sample" else svhn_folder
    assert ends_equal(run, executed(retrain_script(run), folder, monkeypatch))
    assert ends_equal(run, in_cells(notebook(run), folder, monkeypatch))


CONFIGS: dict[str, dict[str, Any]] = {
    "cooldown and warm-up": {"cooldown": 0.3, "warmup": 9},
    "more than an epoch": {"batch_size": 1000},
    "bfloat16": {"precision": "bfloat16", "steps": 5},
    "float32": {"precision": "float32", "steps": 5},
    "early stop": {"early_stop": 1, "steps": 600, "learning_rate": 0.9},
    "as far as the pictures": {"steps": 251},
}


@pytest.mark.parametrize("what", CONFIGS)
def test_every_setting_is_replayed(what: str, runs_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = trained(runs_folder / "mine", config_of("vae", **CONFIGS[what]))
    assert ends_equal(run, executed(retrain_script(run), PROJECT / "assets", monkeypatch))


def test_changes_made_live_are_replayed(runs_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = config_of("vae")
    writer = RunWriter(runs_folder / "mine", config)
    asked = iter([("learning_rate", 0.01), ("kl_weight", 3.0), ("warmup", 6.0)])
    prepare_thread()
    monkeypatch.setattr("training.runs.listening.LOOK_SECONDS", 0.0)

    def change(event: object) -> None:
        if type(event).__name__ in ("Measured", "Pictures", "Health") and (each := next(asked, None)):
            ask(writer.path, each[0], each[1])  # type: ignore[arg-type]

    train_into(writer, on_event=change)
    run = Run(runs_folder / "mine")
    said = retrain_script(run)
    assert all(f"({name!r}, " in said for name in ("learning_rate", "kl_weight", "warmup"))
    assert ends_equal(run, executed(said, PROJECT / "assets", monkeypatch))


def test_a_stopped_run_ends_where_it_ended(runs_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = iter(range(11))
    run = trained(runs_folder / "mine", config_of("vae", warmup=20), should_stop=lambda: next(steps, None) is None)
    assert (run.status().state, run.status().step) == ("stopped", 11)
    assert ends_equal(run, executed(retrain_script(run), PROJECT / "assets", monkeypatch))


def test_a_fork_starts_from_the_weights_beside_it(
    runs_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parent = trained(runs_folder / "parent", config_of("vae"))
    path = make_fork(parent, 23, {"steps": 9})
    train_into(RunWriter(path, Run(path).config, resume=True))
    said = retrain_script(Run(path))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit, match=r"start\.safetensors is not here"):
        executed(said, PROJECT / "assets", monkeypatch)
    (tmp_path / "start.safetensors").write_bytes((path / "start.safetensors").read_bytes())
    assert ends_equal(Run(path), executed(said, PROJECT / "assets", monkeypatch))


def test_a_family_that_somebody_added_has_its_program_too(
    runs_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = re.search(r"`models/free_bits\.py`\n\n```python\n(.*?)```", CONTRIBUTING, re.DOTALL)
    assert found is not None
    (tmp_path / "free_bits.py").write_text(found[1], encoding="utf-8")
    spec = spec_from_file_location("models.free_bits", tmp_path / "free_bits.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "models.free_bits", module)
    spec.loader.exec_module(module)
    monkeypatch.setitem(FAMILIES, "free-bits", module.FAMILY)
    config = TrainConfig.model_validate(
        config_of("vae").model_dump() | {"family": "free-bits", "model": {"z": 5, "hidden": (11, 13), "free": 0.7}}
    )
    run = trained(runs_folder / "mine", config)
    said = retrain_script(run)
    assert "clamp(min=self.config.free)" in said
    assert ends_equal(run, executed(said, PROJECT / "assets", monkeypatch))


def test_it_says_so_where_the_numbers_differ(runs_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = trained(runs_folder / "mine", config_of("vae", steps=3))
    program = retrain_script(run).replace("LEARNING_RATE = 0.001", "LEARNING_RATE = 0.1")
    assert "the run had" in executed(program, PROJECT / "assets", monkeypatch)


def test_missing_images_are_a_sentence(runs_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = trained(runs_folder / "mine", config_of("vae", steps=3))
    with pytest.raises(SystemExit, match="give the folder assets/"):
        executed(retrain_script(run), tmp_path, monkeypatch)


def test_a_run_that_no_program_can_train_says_why(runs_folder: Path, digit_file: Path) -> None:
    kept = keep_as_run(load_checkpoint(digit_file), runs_folder)
    assert "trained elsewhere" in why_no_script(kept)
    with pytest.raises(UserError, match="trained elsewhere"):
        retrain_script(kept)
    other = RunWriter(runs_folder / "other", config_of("vae").model_copy(update={"device": "mps"}))
    other.end(state="stopped")
    other.close()
    assert "trained on mps" in why_no_script(Run(runs_folder / "other"))


def test_a_data_set_that_no_program_reads_says_so(runs_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = trained(runs_folder / "mine", config_of("vae", steps=3))
    monkeypatch.setitem(DATA_SETS, "mnist-sample", replace(data_set("mnist-sample"), name="bars", title="Bars"))
    assert why_no_script(run).startswith("No program here knows how to read Bars")


def reader(name: str, folder: Path) -> Callable[[str], tuple[torch.Tensor, torch.Tensor]]:
    """`read(split)` of a program for a data set."""
    reading = reading_of(DATA_SETS[name])
    assert reading is not None
    names: dict[str, Any] = {"DATA": folder, "torch": torch, "sys": sys, "gzip": gzip}
    for module in ("ast", "struct", "zipfile", "zlib"):
        names[module] = __import__(module)
    exec(compile(reading.code, name, "exec"), names)
    read: Callable[[str], tuple[torch.Tensor, torch.Tensor]] = names["read"]
    return read


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
def test_idx_files_are_read_packed_or_not(name: str, packed: bool, tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (3, 28, 28), np.uint8)
    folder = tmp_path if packed else tmp_path / data_set(name).open.__self__.folder / "raw"  # type: ignore[attr-defined]
    folder.mkdir(parents=True, exist_ok=True)
    for kind, head, values in (
        ("images-idx3", [0x803, 3, 28, 28], images),
        ("labels-idx1", [0x801, 3], np.arange(3, dtype=np.uint8)),
    ):
        content = b"".join(number.to_bytes(4, "big") for number in head) + values.tobytes()
        file = folder / f"train-{kind}-ubyte"
        file.write_bytes(content)
        if packed:
            file.with_suffix(".gz").write_bytes(gzip.compress(content))
            file.rename(tmp_path / "unpacked")
    x, y = reader(name, tmp_path)("train")
    assert torch.equal(x, torch.from_numpy(images.reshape(3, -1)))
    assert y.tolist() == [0, 1, 2]


def test_svhns_official_files_are_read_without_scipy(tmp_path: Path, svhn_folder: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (32, 32, 3, 11), np.uint8)
    digits = np.arange(1, 12, dtype=np.uint8)[:, None] % 11
    savemat(tmp_path / "test_32x32.mat", {"X": images, "y": digits}, do_compression=True)
    x, y = reader("svhn", tmp_path)("test")
    assert torch.equal(x, torch.from_numpy(images.transpose(3, 2, 0, 1).reshape(11, -1).copy()))
    assert y.tolist() == (digits[:, 0] % 10).tolist()
    for mine, own in zip(reader("svhn", data_folder())("train"), read_svhn("train"), strict=True):
        assert torch.equal(mine.long(), torch.from_numpy(own).long())


@pytest.mark.full_data
def test_the_full_mnist_is_read_as_the_app_reads_it(full_mnist: object) -> None:
    for split in ("train", "test"):
        for mine, own in zip(reader("mnist", data_folder())(split), mnist.DATA.open()(split), strict=True):
            assert np.array_equal(mine.numpy(), own)
