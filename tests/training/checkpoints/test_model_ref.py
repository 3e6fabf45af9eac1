from pathlib import Path

import pytest

from training.checkpoints.model_ref import ModelRef, facts_in, model_ref
from training.checkpoints.reading import load_checkpoint
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


def test_what_a_model_learned_from_is_what_its_card_or_config_says(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"data": "svhn"}')
    assert facts_in(tmp_path) == {"data": "svhn"}
    (tmp_path / "card.json").write_text('{"data": "mnist", "steps": 3}')
    assert facts_in(tmp_path) == {"data": "mnist"}
    (tmp_path / "card.json").write_text("[]")
    assert facts_in(tmp_path) == {"data": "svhn"}
    assert facts_in(tmp_path / "missing") == {}


@pytest.mark.parametrize("text", ["", "{", "\0", '"text"', "7", "[" * 5000])
def test_a_config_that_cannot_be_read_says_nothing(runs_folder: Path, text: str) -> None:
    (runs_folder / "vae-1").mkdir(parents=True)
    (runs_folder / "vae-1" / "config.json").write_text(text)
    assert model_ref("run", "vae-1") == ModelRef("run", "vae-1", runs_folder / "vae-1" / "checkpoint.safetensors")
