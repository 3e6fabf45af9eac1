import ast
import re
from concurrent.futures import ThreadPoolExecutor
from typing import get_args

import pytest
import torch
from pydantic import ValidationError

from models import vae
from models.contract import ElboTerms
from models.description.terms import ColourRole
from models.family import with_article
from models.registry import FAMILIES, PRESETS
from models.vae import VAE, VAEConfig
from training.system.folders import PROJECT


def test_nelbo_is_kl_plus_reconstruction_exactly() -> None:
    terms = ElboTerms(kl=torch.rand(7) * 20, rec=torch.rand(7) * 90)
    assert torch.equal(terms.nelbo, terms.kl + terms.rec)
    assert list(terms.named()) == ["nelbo", "kl", "rec"]


def test_a_fresh_model_is_torchs_own_initialisation_under_the_seed(small: VAEConfig) -> None:
    torch.manual_seed(3)
    expected = VAE(small).state_dict()
    fresh = vae.FAMILY.fresh(small, seed=3).state_dict()
    assert fresh.keys() == expected.keys()
    assert all(torch.equal(fresh[name], expected[name]) for name in expected)


def test_a_fresh_model_leaves_the_default_generator_untouched(small: VAEConfig) -> None:
    before = torch.get_rng_state()
    vae.FAMILY.fresh(small, seed=3)
    assert torch.equal(torch.get_rng_state(), before)


def test_models_built_at_the_same_time_do_not_disturb_each_other(small: VAEConfig) -> None:
    def first_weight(seed: int) -> torch.Tensor:
        return vae.FAMILY.fresh(small, seed).get_parameter("enc.net.0.weight")

    seeds = list(range(40))
    with ThreadPoolExecutor(5) as pool:
        together = list(pool.map(first_weight, seeds))
    assert all(torch.equal(weight, first_weight(seed)) for seed, weight in zip(seeds, together, strict=True))


def test_configs_are_frozen_and_refuse_unknown_names(small: VAEConfig) -> None:
    with pytest.raises(ValidationError):
        small.z = 6  # type: ignore[misc]
    with pytest.raises(ValidationError, match="latent"):
        VAEConfig.model_validate({"latent": 5})


def test_a_config_says_what_its_labels_are_for() -> None:
    said = {
        name: (preset.model.label_classes, preset.model.labelled_images, preset.model.learns_from_labels_alone)
        for name, preset in PRESETS.items()
    }
    assert said["vae"] == (0, 0, False)
    assert said["fsvae"] == (10, 0, False)
    assert said["ssvae"] == (10, 100, False)
    assert said["ssvae-supervised"] == (10, 100, True)


def test_nobody_asks_whether_a_config_has_a_family_s_field() -> None:
    fields = {field for family in FAMILIES.values() for field in family.config.model_fields}
    asked = [
        f"{file.relative_to(PROJECT)}:{call.lineno}"
        for folder in ("pages", "training")
        for file in (PROJECT / folder).rglob("*.py")
        for call in ast.walk(ast.parse(file.read_bytes()))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id in ("getattr", "hasattr")
        and isinstance(call.args[1], ast.Constant)
        and call.args[1].value in fields
    ]
    assert asked == []


def test_titles_are_spoken_with_their_article() -> None:
    assert [with_article(title) for title in ("VAE", "beta-VAE", "GMVAE", "SSVAE", "FSVAE", "convolutional FSVAE")] == [
        "a VAE",
        "a beta-VAE",
        "a GMVAE",
        "an SSVAE",
        "an FSVAE",
        "a convolutional FSVAE",
    ]


families = pytest.mark.parametrize("name", FAMILIES)


@families
def test_a_family_says_everything_about_itself(name: str) -> None:
    family = FAMILIES[name]
    assert family.sentence.endswith(".")
    assert r"\sim" in family.sampling
    assert r"\term{nelbo}" in family.nelbo
    assert r"\ge" in family.nelbo
    assert family.loss(family.presets[0].model).startswith(r"\text{loss} \;=\; ")


@families
def test_formulas_are_whole_and_their_colours_known(name: str) -> None:
    family = FAMILIES[name]
    for formula in (family.sampling, family.nelbo, family.prior, *(family.loss(each.model) for each in family.presets)):
        assert formula.count("{") == formula.count("}")
        assert formula.count(r"\begin{") == formula.count(r"\end{")
        assert {*re.findall(r"\\term\{(\w*)\}", formula)} <= {*get_args(ColourRole)}
        assert len(re.findall(r"\\term\{\w+\}\{", formula)) == formula.count(r"\term")


@families
def test_a_loss_shows_every_weight_of_its_config(name: str) -> None:
    family = FAMILIES[name]
    weights = [field for field in family.config.model_fields if field.endswith("_weight") or field == "beta"]
    for place, field in enumerate(weights):
        config = family.config.model_validate({field: 23.5 + place})
        assert rf"{23.5 + place:g}\cdot" in family.loss(config)


def test_a_term_that_has_no_weight_is_not_in_the_loss() -> None:
    supervised = FAMILIES["ssvae"].loss(PRESETS["ssvae-supervised"].model)
    assert "nelbo" not in supervised
    assert r"100\cdot \term{cross_entropy}" in supervised


@families
def test_a_setting_of_the_form_has_help_and_limits(name: str) -> None:
    fields = FAMILIES[name].config.model_fields
    asked = {key: field for key, field in fields.items() if field.title}
    assert "z" in asked
    assert all(key in asked for key in fields if key.endswith("_weight"))
    for field in asked.values():
        assert field.description is not None
        assert len(field.description.split()) > 5
        assert field.metadata


@families
def test_a_family_starts_from_the_defaults_of_its_config(name: str) -> None:
    family = FAMILIES[name]
    assert family.default_preset in family.presets
    if family.config() in [preset.model for preset in family.presets]:
        assert family.default_preset.model == family.config()


def test_families_can_be_held_in_a_set() -> None:
    assert {*FAMILIES.values()} == {*reversed(FAMILIES.values())}
