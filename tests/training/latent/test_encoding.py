import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from models import ssvae
from models.contract import Conditional, density_of, role
from models.gmvae import FAMILY as GMVAE_FAMILY
from models.gmvae import GMVAE, GMVAEConfig
from models.registry import FAMILIES
from models.ssvae import SSVAEConfig
from models.vae import FAMILY, VAE, VAEConfig
from tests.small_models import SMALL, small_model
from training.latent.encoding import encode, principal_directions, spherical, split_nelbo, straight, traversals


@pytest.fixture
def images() -> Tensor:
    return torch.randint(0, 2, (97, 16), generator=torch.Generator().manual_seed(0)).float()


@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_draws_again_what_it_encoded(name: str, images: Tensor) -> None:
    model, digits = small_model(name), torch.arange(97) % 10
    images = images.repeat(1, model.config.pixels // 16)
    codes = encode(model, images, digits)
    assert codes.mean.shape == codes.variance.shape == codes.kl.shape == (97, 5)
    assert torch.equal(codes.latents[:, :5], codes.mean)
    with torch.inference_mode():
        torch.testing.assert_close(model.decode_mean(codes.latents), density_of(model, digits).reconstruct(images))


def test_the_dimensions_of_a_vae_share_its_kl(images: Tensor) -> None:
    model: VAE = FAMILY.fresh(VAEConfig(**SMALL), seed=0)
    codes = encode(model, images)
    torch.testing.assert_close(codes.kl.sum(1), model.elbo_terms(images).kl)
    order = codes.by_kl()
    assert sorted(order) == [0, 1, 2, 3, 4]
    assert codes.dimension_kl[order[0]] == codes.dimension_kl.max()


def test_one_component_costs_what_its_gaussian_costs(images: Tensor) -> None:
    """With k = 1 the dimensions of a GMVAE's prior are independent: the shares sum to the sampled KL."""
    model: GMVAE = GMVAE_FAMILY.fresh(GMVAEConfig(**SMALL, k=1), seed=0)
    terms = model.elbo_terms(images, generator=torch.Generator().manual_seed(3))
    shares = model.kl_per_dimension(images, generator=torch.Generator().manual_seed(3))
    torch.testing.assert_close(shares.sum(1), terms.kl, atol=1e-4, rtol=1e-4)


def test_a_dimension_that_ignores_the_image_has_collapsed(images: Tensor) -> None:
    model: VAE = FAMILY.fresh(VAEConfig(**SMALL), seed=0)
    with torch.no_grad():
        last = model.get_parameter("enc.net.4.weight")
        last.mul_(100)
        last[2] = 0
    assert encode(model, images).active.tolist() == [True, True, False, True, True]


def test_the_label_of_an_ssvae_is_part_of_its_latent(images: Tensor) -> None:
    model = ssvae.FAMILY.fresh(SSVAEConfig(**SMALL, y=3), seed=0)
    latents = encode(model, images).latents
    assert latents.shape == (97, 8)
    assert torch.equal(latents[:, 5:].argmax(1), model.classify(images).argmax(1))


def test_principal_directions_find_the_axes_of_an_ellipse() -> None:
    noise = torch.Generator().manual_seed(0)
    points = torch.randn(3000, 3, generator=noise) * torch.tensor([1.0, 7.0, 3.0]) + 20
    directions, spread = principal_directions(points)
    torch.testing.assert_close(directions, torch.tensor([[0.0, 1, 0], [0, 0, 1]]), atol=0.05, rtol=0)
    assert spread.tolist() == pytest.approx([7, 3], rel=0.05)


def test_a_traversal_moves_one_dimension_alone() -> None:
    model: VAE = FAMILY.fresh(VAEConfig(**SMALL), seed=0)
    latent, values = torch.tensor([0.1, 0.2, 0.3, 0.4, 0.5]), torch.tensor([-2.0, 0.0, 2.0])
    drawn = traversals(model, latent, [3, 1], values)
    assert drawn.shape == (6, 16)
    for row, dimension in enumerate([3, 1]):
        for column, value in enumerate(values):
            moved = latent.clone()
            moved[dimension] = value
            torch.testing.assert_close(drawn[3 * row + column], model.decode_mean(moved))


def test_each_dimension_may_have_values_of_its_own() -> None:
    model: VAE = FAMILY.fresh(VAEConfig(**SMALL), seed=0)
    latent, values = torch.zeros(5), torch.tensor([[-2.0, 2.0], [-4.0, 4.0]])
    drawn = traversals(model, latent, [3, 1], values)
    both = [traversals(model, latent, [dimension], own) for dimension, own in zip([3, 1], values, strict=True)]
    torch.testing.assert_close(drawn, torch.cat(both))


@pytest.mark.parametrize("name", FAMILIES)
def test_the_nelbo_of_one_image_is_the_sum_of_its_terms(name: str, images: Tensor) -> None:
    model = small_model(name)
    image = images[3].repeat(model.config.pixels // 16)
    terms, shares = split_nelbo(model, image, 7 if role(model, Conditional) else None, passes=50, seed=1)
    assert terms["nelbo"].mean == pytest.approx(terms["rec"].mean + terms["kl"].mean, rel=1e-5)
    assert terms["rec"].error > 0
    assert shares.shape == (5,)
    if name in ("vae", "beta-vae"):
        assert float(shares.sum()) == pytest.approx(terms["kl"].mean, rel=1e-4)


@given(st.integers(0, 1000), st.integers(2, 9))
def test_both_ways_lead_from_start_to_end(seed: int, steps: int) -> None:
    start, end = torch.randn(2, 7, generator=torch.Generator().manual_seed(seed))
    for way in (straight(start, end, steps), spherical(start, end, steps)):
        assert way.shape == (steps, 7)
        torch.testing.assert_close(way[0], start, atol=1e-5, rtol=1e-4)
        torch.testing.assert_close(way[-1], end, atol=1e-5, rtol=1e-4)


def test_the_arc_keeps_its_distance_where_the_line_does_not() -> None:
    start, end = torch.tensor([3.0, 0.0]), torch.tensor([0.0, 3.0])
    torch.testing.assert_close(spherical(start, end, 5).norm(dim=1), torch.full((5,), 3.0))
    assert straight(start, end, 5)[2].norm() < 2.2


@pytest.mark.parametrize("end", [[0.0, 0.0], [6.0, 0.0], [-3.0, 0.0]])
def test_where_there_is_no_arc_the_way_is_straight(end: list[float]) -> None:
    start = torch.tensor([3.0, 0.0])
    assert torch.equal(spherical(start, torch.tensor(end), 5), straight(start, torch.tensor(end), 5))


def test_codes_of_one_dimension_have_one_direction_and_a_zero() -> None:
    directions, spread = principal_directions(torch.tensor([[-1.0], [0.5], [4.0]]))
    assert directions.tolist() == [[1.0], [0.0]]
    assert float(spread[0]) == pytest.approx(float(torch.tensor([-1.0, 0.5, 4.0]).std()))
    assert float(spread[1]) == 0
