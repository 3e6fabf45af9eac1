import pytest

from models.registry import PRESETS
from models.vae import VAEConfig
from training.runs.config import TrainConfig
from training.system.errors import UserError


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_gives_its_whole_recipe(name: str) -> None:
    config, preset = TrainConfig.from_preset(name), PRESETS[name]
    assert config.preset == name
    assert config.model == preset.model
    assert (config.steps, config.batch_size, config.learning_rate, config.cooldown) == (
        preset.steps,
        preset.batch_size,
        preset.learning_rate,
        preset.cooldown,
    )
    assert config.seed == 0
    assert config.data == {"binary": "mnist-sample", "colour": "svhn"}[config.family_entry.images]


def test_changes_replace_fields_and_none_changes_nothing() -> None:
    config = TrainConfig.from_preset("vae", steps=19, seed=None, batch_size=7, model={"z": 5})
    assert (config.steps, config.seed, config.batch_size) == (19, 0, 7)
    assert config.model == VAEConfig(z=5)


@pytest.mark.parametrize("name", PRESETS)
def test_a_config_survives_json(name: str) -> None:
    config = TrainConfig.from_preset(name, steps=19)
    read = TrainConfig.model_validate_json(config.model_dump_json())
    assert read == config
    assert type(read.model) is type(config.model)


@pytest.mark.parametrize(
    ("preset", "data", "complaint"),
    [
        ("fsvae", "mnist", "data should be svhn for the family FSVAE, but it is 'mnist'"),
        ("gmvae", "svhn", "data should be mnist, mnist-sample or fashion-mnist for the family GMVAE, but it is 'svhn'"),
    ],
)
def test_a_family_is_not_trained_on_images_of_another_kind(preset: str, data: str, complaint: str) -> None:
    with pytest.raises(UserError, match=complaint):
        TrainConfig.from_preset(preset, data=data)


def test_an_unknown_preset_is_answered_with_the_choices() -> None:
    with pytest.raises(UserError, match="There is no model 'vqvae': choose vae"):
        TrainConfig.from_preset("vqvae")


@pytest.mark.parametrize(
    "changes",
    [
        {"steps": 0},
        {"steps": -5},
        {"batch_size": 0},
        {"learning_rate": 0.0},
        {"learning_rate": float("nan")},
        {"learning_rate": 2.0},
        {"cooldown": -0.1},
        {"cooldown": 1.1},
        {"seed": -1},
        {"seed": 2**32},
        {"precision": "int8"},
        {"data": "cifar"},
        {"steps": "many"},
        {"colour": "red"},
        {"family": "gan"},
        {"model": {"z": 0}},
        {"model": {"hidden": (11, 0)}},
        {"model": {"latent": 5}},
        {"model": 3},
    ],
    ids=str,
)
def test_a_wrong_value_is_one_sentence(changes: dict[str, object]) -> None:
    with pytest.raises(UserError) as caught:
        TrainConfig.from_preset("vae", **changes)
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)
