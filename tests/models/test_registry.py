import pytest
import torch

from models.contract import Batch, density_of
from models.family import Family, ModelConfig, Preset
from models.recognition.layouts import shapes_of
from models.recognition.recognise import recognise
from models.registry import FAMILIES, PRESETS, family_of

presets = pytest.mark.parametrize("preset", PRESETS.values(), ids=lambda preset: preset.name)


def test_every_family_and_preset_is_found_by_its_name() -> None:
    assert {name: family.name for name, family in FAMILIES.items()} == {name: name for name in FAMILIES}
    assert len(PRESETS) == sum(len(family.presets) for family in FAMILIES.values())
    assert all(preset in family_of(name).presets for name, preset in PRESETS.items())


def test_an_unknown_preset_has_no_family() -> None:
    with pytest.raises(KeyError):
        family_of("vqvae")


def test_the_vae_preset_is_the_homeworks_recipe() -> None:
    preset = PRESETS["vae"]
    assert (preset.steps, preset.batch_size, preset.learning_rate) == (20_000, 100, 1e-3)
    assert preset.model.model_dump() == {"z": 10, "hidden": (300, 300), "pixels": 784}


@presets
def test_one_family_and_its_sizes_are_recognised_from_shapes_alone(preset: Preset) -> None:
    family = family_of(preset.name)
    shapes = shapes_of(family, preset.model)
    found, config = recognise(shapes)
    alike = [each for each in FAMILIES.values() if shapes_of(each, resized(each, preset.model)) == shapes]
    assert found is alike[0]
    assert family is found or family.name not in ("vae", "gmvae", "ssvae", "fsvae", "fsvae-conv", "vampprior")
    sizes, expected = config.model_dump(), preset.model.model_dump()
    for name in sizes.keys() & {"z", "k", "y", "hidden", "channels", "width", "pixels"}:
        assert sizes[name] == expected[name]


@presets
def test_a_model_keeps_the_contract(preset: Preset) -> None:
    """Per-image terms, chunks of log-weights, prior samples and mean images, for one odd batch."""
    family = family_of(preset.name)
    model = family.fresh(preset.model, seed=0)
    pixels = model.config.pixels
    x = torch.randint(0, 2, (7, pixels), generator=torch.Generator().manual_seed(0)).float()
    y = torch.arange(7)
    noise = torch.Generator().manual_seed(1)

    density = density_of(model, y)
    terms = density.elbo_terms(x, generator=noise)
    assert {value.shape for value in terms.named().values()} == {(7,)}
    assert {"nelbo", "kl", "rec"} <= terms.named().keys()
    assert torch.equal(terms.nelbo, terms.kl + terms.rec)
    loss, reported = model.objective(a_batch(x), generator=noise)
    assert {value.shape for value in (loss, *reported.values())} == {()}
    assert all(isinstance(value, float) for value in model.diagnose(Batch.without_labels(x, y)).values())
    assert [tuple(chunk.shape) for chunk in density.log_weights(x, 5, generator=noise, chunk=3)] == [(3, 7), (2, 7)]
    means = model.decode_mean(model.sample_prior(3, generator=noise))
    assert means.shape == (3, pixels)
    assert density.reconstruct(x).shape == (7, pixels)
    assert 0 <= means.min() < means.max() <= 1


@pytest.mark.parametrize("name", FAMILIES)
def test_draws_from_the_prior_have_its_moments(name: str) -> None:
    family = FAMILIES[name]
    model = family.fresh(family.presets[0].model, seed=0)
    size = model.config.z
    with torch.inference_mode():
        mean, variance = model.prior_moments()
        draws = model.sample_prior(20_000, generator=torch.Generator().manual_seed(0))[:, :size]
    assert mean.shape == variance.shape == (size,)
    torch.testing.assert_close(draws.mean(0), mean, atol=0.05, rtol=0)
    torch.testing.assert_close(draws.var(0), variance, atol=0, rtol=0.05)


@presets
def test_the_loss_reaches_every_parameter(preset: Preset) -> None:
    model = family_of(preset.name).fresh(preset.model, seed=0)
    x = torch.randint(0, 2, (7, model.config.pixels), generator=torch.Generator().manual_seed(0)).float()
    model.objective(a_batch(x)).loss.backward()
    supervised_only = preset.model.learns_from_labels_alone
    without = [name for name, value in model.named_parameters() if value.grad is None or not value.grad.any()]
    assert [name for name in without if not (supervised_only and name.startswith(("enc.", "dec.")))] == []


def resized(family: Family, like: ModelConfig) -> ModelConfig:
    """The family's config with those sizes of another one that it has."""
    sizes = {name: value for name, value in like.model_dump().items() if name in family.config.model_fields}
    return family.presets[0].model.model_copy(update=sizes)


def a_batch(x: torch.Tensor) -> Batch:
    digits = torch.arange(len(x)) % 10
    return Batch(x, digits, labelled_x=x[:3], labelled_y=digits[:3])
