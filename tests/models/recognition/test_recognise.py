import pytest

from models import fsvae, fsvae_conv, gmvae, ssvae, vae
from models.family import Family, ModelConfig, Shapes
from models.fsvae import FSVAEConfig
from models.fsvae_conv import ConvFSVAEConfig
from models.gmvae import GMVAEConfig
from models.recognition.layouts import shapes_of
from models.recognition.recognise import Unrecognised, recognise
from models.ssvae import SSVAEConfig
from models.vae import VAEConfig

SMALL = VAEConfig(z=5, hidden=(11, 13), pixels=16)


def refusal(shapes: Shapes) -> str:
    with pytest.raises(Unrecognised) as refused:
        recognise(shapes)
    return str(refused.value)


@pytest.mark.parametrize(
    ("family", "config"),
    [
        (vae.FAMILY, VAEConfig()),
        (vae.FAMILY, VAEConfig(z=2)),
        (vae.FAMILY, VAEConfig(z=1, hidden=(3, 2), pixels=4)),
        (vae.FAMILY, SMALL),
        (gmvae.FAMILY, GMVAEConfig(z=5, k=3, hidden=(11, 13), pixels=16)),
        (ssvae.FAMILY, SSVAEConfig(z=5, y=3, hidden=(11, 13), pixels=16)),
        (fsvae.FAMILY, FSVAEConfig(z=5, hidden=(11, 13), pixels=48)),
        (fsvae.FAMILY, FSVAEConfig(z=2, hidden=(17, 19))),
        (fsvae_conv.FAMILY, ConvFSVAEConfig(z=5, channels=(3, 4, 6), width=11, pixels=768, variance=0.05)),
        (fsvae_conv.FAMILY, ConvFSVAEConfig(z=7, channels=(8, 4, 6), width=9, variance=0.05)),
    ],
    ids=lambda part: getattr(part, "name", str(part)),
)
def test_family_and_sizes_are_read_from_names_and_shapes(family: Family, config: ModelConfig) -> None:
    assert recognise(shapes_of(family, config)) == (family, config)


def test_names_of_nobody_are_named() -> None:
    assert "is not a model known here: it holds conv1.weight" in refusal({"conv1.weight": (3, 3)})


def test_buffers_may_be_missing_and_a_count_of_steps_may_stand_beside() -> None:
    shapes = {name: shape for name, shape in shapes_of(vae.FAMILY, SMALL).items() if not name.startswith("z_prior")}
    assert recognise({**shapes, "count": (), "x_v": (), "y_prior": (10,)}) == (vae.FAMILY, SMALL)


@pytest.mark.parametrize(
    "foreign",
    [
        {"pseudo_inputs": (500, 16)},
        {"codebook.weight": (512, 5)},
        {"bn.running_var": (11,)},
        {"enc.net.6.weight": (13, 13)},
        {"pi": (500,)},
        {"flow.0.u": (1,)},
    ],
    ids=str,
)
def test_a_tensor_that_no_family_explains_is_refused_and_named(foreign: dict[str, tuple[int, ...]]) -> None:
    """A VampPrior's or a VQ-VAE's file must never be measured as a plain VAE with the rest ignored."""
    sentence = refusal({**shapes_of(vae.FAMILY, SMALL), **foreign})
    assert sentence.startswith("looks like a VAE, but ")
    assert next(iter(foreign)) in sentence


def test_an_encoder_without_a_variance_is_named() -> None:
    shapes = {**shapes_of(vae.FAMILY, SMALL), "enc.net.4.weight": (5, 13), "enc.net.4.bias": (5,)}
    assert "enc.net.4.weight has shape (5, 13) where its other layers ask for (10, 13)" in refusal(shapes)


def test_a_missing_layer_is_named() -> None:
    shapes = dict(shapes_of(vae.FAMILY, SMALL))
    del shapes["enc.net.4.weight"]
    assert refusal(shapes) == "looks like a VAE, but it lacks enc.net.4.weight: save the whole model.state_dict()."


@pytest.mark.parametrize("shape", [(1, 7, 5), (2, 6, 5), (6, 5)])
def test_a_mixture_of_a_wrong_shape_is_named(shape: tuple[int, ...]) -> None:
    shapes = shapes_of(gmvae.FAMILY, GMVAEConfig(z=5, k=3, hidden=(11, 13), pixels=16))
    sentence = refusal({**shapes, "z_pre": shape})
    assert "looks like a GMVAE" in sentence
    assert f"z_pre has shape {shape}" in sentence


def test_networks_that_contradict_each_other_are_named() -> None:
    shapes = {**shapes_of(fsvae.FAMILY, FSVAEConfig(z=5, hidden=(11, 13), pixels=48)), "dec.net.0.weight": (11, 14)}
    assert "looks like an FSVAE, but dec.net.0.weight has shape (11, 14)" in refusal(shapes)


def test_a_shape_of_too_many_axes_is_counted() -> None:
    shapes = {**shapes_of(vae.FAMILY, SMALL), "enc.net.4.weight": (1,) * 64}
    assert "enc.net.4.weight has 64 axes where its other layers ask for (10, 13)" in refusal(shapes)
