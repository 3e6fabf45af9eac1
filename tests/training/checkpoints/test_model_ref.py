import json
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.checkpoints.model_ref import ModelRef, model_ref, run_called
from training.checkpoints.reading import load_checkpoint
from training.checkpoints.records import LONGEST_NAME, name_in
from training.lab.run_notes import change_notes
from training.system.folders import PRETRAINED, pretrained_names


def test_a_shipped_model_is_known_before_its_weights_are_read() -> None:
    for name in pretrained_names():
        ref, read = model_ref("shipped", name), load_checkpoint(PRETRAINED / name)
        assert (ref.title, ref.shipped, ref.path) == (f"shipped {name}", name, read.file)
        assert (ref.family, ref.data, ref.sha256) == (read.family.name, read.data, read.sha256)


def test_a_runs_config_says_what_it_is_and_its_weights_may_still_change(runs_folder: Path) -> None:
    folder = runs_folder / "vae-1"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text('{"family": "vae", "data": "mnist-sample", "sha256": "0", "steps": 7}')
    assert model_ref("run", "vae-1") == ModelRef(
        "run", "vae-1", folder / "checkpoint.safetensors", "vae", "mnist-sample", ""
    )
    assert model_ref("run", "vae-1").title == "run vae-1"
    assert model_ref("run", "vae-1").shipped == ""


@pytest.mark.parametrize("text", ["", "{", "\0", '"text"', "7", "[" * 5000])
def test_a_config_that_cannot_be_read_says_nothing(runs_folder: Path, text: str) -> None:
    (runs_folder / "vae-1").mkdir(parents=True)
    (runs_folder / "vae-1" / "config.json").write_text(text)
    assert model_ref("run", "vae-1") == ModelRef("run", "vae-1", runs_folder / "vae-1" / "checkpoint.safetensors")


def test_a_run_is_labelled_with_what_it_changed_in_its_recipe(runs_folder: Path) -> None:
    folder = runs_folder / "vae-1"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text('{"preset": "vae", "family": "vae", "model": {"z": 2, "pixels": 784}}')
    assert model_ref("run", "vae-1").label == "run vae-1 (z 2)"
    assert model_ref("run", "vae-1").title == "run vae-1"
    assert model_ref("shipped", "beta-4").label == "shipped beta-4"


def test_a_run_with_a_name_is_labelled_with_it(runs_folder: Path) -> None:
    folder = runs_folder / "vae-1"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text('{"preset": "vae", "family": "vae", "model": {"z": 2, "pixels": 784}}')
    change_notes(folder, name="the narrow one")
    assert model_ref("run", "vae-1").label == "run vae-1 “the narrow one”"
    assert model_ref("run", "vae-1").title == "run vae-1"
    change_notes(folder, name="")
    assert model_ref("run", "vae-1").label == "run vae-1 (z 2)"


@given(st.text() | st.binary() | st.dictionaries(st.text(), st.text() | st.integers()))
def test_a_damaged_or_hostile_name_is_one_short_line_or_none(said: object) -> None:
    with TemporaryDirectory() as folder:
        raw = said if isinstance(said, bytes) else json.dumps({"name": said}).encode()
        (Path(folder) / "about.json").write_bytes(raw)
        name = name_in(Path(folder))
    assert name == " ".join(name.split())
    assert len(name) <= LONGEST_NAME
    assert name.isprintable()


@pytest.mark.parametrize(
    "text", ["run vae-1", "run vae-1 (z 2)", "run vae-1 (as it was called once)", "run vae-1 “as it was called”"]
)
def test_a_run_is_known_by_its_title_and_by_any_of_its_labels(runs_folder: Path, text: str) -> None:
    folder = runs_folder / "vae-1"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text('{"family": "vae"}')
    found = run_called(text)
    assert found is not None
    assert found.name == "vae-1"


@pytest.mark.parametrize("text", ["", "vae-1", "shipped vae", "run ", "run ../vae-1", "run vae-2", "run vae-1 z"])
def test_other_texts_name_no_run(runs_folder: Path, text: str) -> None:
    (runs_folder / "vae-1").mkdir(parents=True)
    (runs_folder / "vae-1" / "config.json").write_text('{"family": "vae"}')
    assert run_called(text) is None
