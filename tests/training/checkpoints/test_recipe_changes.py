import json
from pathlib import Path
from typing import Any

import pytest

from models.registry import PRESETS
from training.checkpoints.recipe_changes import changes_in_words
from training.runs.config import TrainConfig
from training.runs.run_writer import RunWriter
from training.system.folders import pretrained_names


def changes(folder: Path, preset: str, **settings: Any) -> str:
    """Of a run with these settings that has measured something."""
    config = TrainConfig.from_preset(preset, device="cpu", **{"data": "mnist", **settings})
    writer = RunWriter(folder / "mine", config)
    (writer.path / "metrics.jsonl").touch()
    return changes_in_words(writer.path)


@pytest.mark.parametrize("preset", [name for name in PRESETS if name in pretrained_names()])
def test_a_run_of_the_recipe_changed_nothing(tmp_path: Path, preset: str) -> None:
    assert changes(tmp_path, preset, data="svhn" if preset.startswith("fsvae") else "mnist") == ""


@pytest.mark.parametrize(
    ("preset", "settings", "words"),
    [
        ("beta-4", {"model": {"beta": 7.5}}, "β 7.5"),
        ("gmvae", {"model": {"k": 50, "z": 2}}, "z 2, k 50"),
        ("ssvae", {"model": {"gen_weight": 0, "labelled": 20}}, "gen weight 0, labelled 20"),
        ("vae", {"model": {"hidden": (11, 13)}}, "hidden 11 × 13"),
        ("vae", {"data": "fashion-mnist"}, "Fashion-MNIST"),
        ("vae", {"data": "mnist-sample", "steps": 5000}, "embedded sample, 5,000 steps"),
        ("vae", {"learning_rate": 0.01, "cooldown": 0.25, "seed": 3}, "learning rate 0.01, cooldown 25%, seed 3"),
        (
            "vae",
            {"model": {"z": 2}, "steps": 500, "batch_size": 7, "seed": 1, "cooldown": 0.5},
            "z 2, 500 steps, batches of 7, cooldown 50% and 1 more",
        ),
    ],
)
def test_what_differs_is_said_and_the_model_first(
    tmp_path: Path, preset: str, settings: dict[str, Any], words: str
) -> None:
    assert changes(tmp_path, preset, **settings) == words


def test_weights_from_elsewhere_have_sizes_and_no_training(tmp_path: Path) -> None:
    config = TrainConfig.from_preset("vae", device="cpu", data="mnist", steps=1, seed=5, model={"z": 3})
    assert changes_in_words(RunWriter(tmp_path / "mine", config).path) == "z 3"


def test_of_a_recipe_that_does_not_ship_every_setting_of_the_model_is_said(tmp_path: Path) -> None:
    model = {"z": 7, "hidden": [11, 13], "pixels": 784, "free": 0.5}
    (tmp_path / "config.json").write_text(json.dumps({"preset": "free-bits", "data": "mnist", "model": model}))
    assert changes_in_words(tmp_path) == "z 7, hidden 11 × 13, free 0.5"


@pytest.mark.parametrize(
    "config",
    [
        "",
        "[]",
        '{"preset": "../vae", "model": 7}',
        '{"preset": ["vae"], "model": {"<b>": 1, "z": "<script>", "beta": NaN, "k": 1e400, "hidden": [[1]]}}',
        '{"preset": "vae", "steps": "many", "seed": {}, "data": ["mnist"], "batch_size": true}',
    ],
)
def test_a_strange_config_changes_nothing(tmp_path: Path, config: str) -> None:
    (tmp_path / "config.json").write_text(config)
    (tmp_path / "metrics.jsonl").touch()
    assert changes_in_words(tmp_path) == ""
