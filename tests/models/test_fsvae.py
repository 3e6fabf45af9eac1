import math

import pytest
import torch
from torch.distributions import Independent, Normal

from models import fsvae
from models.blocks.distributions import log_mean_exp
from models.contract import Batch, density_of
from models.fsvae import FSVAE, FSVAEConfig

CONFIG = FSVAEConfig(z=5, hidden=(11, 13), pixels=48)


@pytest.fixture
def model() -> FSVAE:
    return fsvae.FAMILY.fresh(CONFIG, seed=0).double()


@pytest.fixture
def x() -> torch.Tensor:
    return torch.rand(7, 48, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


@pytest.fixture
def y() -> torch.Tensor:
    return torch.tensor([3, 1, 4, 1, 5, 9, 0])


def test_the_homeworks_fsvae_has_its_parameters_names_and_shapes() -> None:
    model = FSVAE()
    assert sum(value.numel() for value in model.parameters() if value.requires_grad) == 3_602_092
    assert {name: tuple(value.shape) for name, value in model.state_dict().items()} == {
        "z_prior_m": (1,),
        "z_prior_v": (1,),
        "enc.net.0.weight": (500, 3082),
        "enc.net.0.bias": (500,),
        "enc.net.2.weight": (500, 500),
        "enc.net.2.bias": (500,),
        "enc.net.4.weight": (20, 500),
        "enc.net.4.bias": (20,),
        "dec.net.0.weight": (500, 20),
        "dec.net.0.bias": (500,),
        "dec.net.2.weight": (500, 500),
        "dec.net.2.bias": (500,),
        "dec.net.4.weight": (3072, 500),
        "dec.net.4.bias": (3072,),
    }


def test_the_encoder_is_built_before_the_decoder() -> None:
    torch.manual_seed(3)
    first = torch.nn.Linear(58, 11)
    torch.manual_seed(3)
    assert torch.equal(FSVAE(CONFIG).get_parameter("enc.net.0.weight"), first.weight)


def test_a_perfect_drawing_costs_the_golden_constant() -> None:
    """-713.8 nats for 3,072 values of variance 0.1, and five times the squared error on top."""
    model = FSVAE()
    mean = torch.rand(2, 3072, generator=torch.Generator().manual_seed(0))
    assert -model.log_density(mean, mean)[0].item() == pytest.approx(-713.8, abs=0.05)
    off = mean.clone()
    off[:, :10] += 0.3
    rec = -model.log_density(off, mean)
    torch.testing.assert_close(rec, torch.full((2,), 5 * 0.9 + 1536 * math.log(0.2 * math.pi)), atol=1e-2, rtol=0)


def test_terms_and_weights_equal_the_equations_written_with_torch(
    model: FSVAE, x: torch.Tensor, y: torch.Tensor
) -> None:
    """The one-hot digit stands after the image and after z; the variance of a colour value is 0.1."""
    one_hot = torch.eye(10, dtype=torch.float64)[y]
    mean, raw = model.enc(torch.cat([x, one_hot], 1)).chunk(2, 1)
    q = Independent(Normal(mean, (raw.exp().log1p() + 1e-8).sqrt()), 1)
    prior = Independent(Normal(torch.zeros_like(mean), torch.ones_like(mean)), 1)
    z = mean + q.stddev * torch.randn(7, 5, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    drawn = Independent(Normal(model.dec(torch.cat([z, one_hot], 1)), math.sqrt(0.1)), 1)

    terms = model.given(y).elbo_terms(x, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(terms.rec, -drawn.log_prob(x), rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(terms.kl, torch.distributions.kl_divergence(q, prior))
    (weights,) = model.given(y).log_weights(x, 1, generator=torch.Generator().manual_seed(1))
    expected = drawn.log_prob(x) + prior.log_prob(z) - q.log_prob(z)
    torch.testing.assert_close(weights[0], expected, rtol=1e-6, atol=1e-6)


def test_the_bound_rises_with_m_and_does_not_depend_on_the_chunk(
    model: FSVAE, x: torch.Tensor, y: torch.Tensor
) -> None:
    def weights(m: int, chunk: int) -> torch.Tensor:
        noise = torch.Generator().manual_seed(1)
        return torch.cat(list(model.given(y).log_weights(x, m, generator=noise, chunk=chunk)))

    torch.testing.assert_close(weights(100, 3), weights(100, 40))
    assert log_mean_exp(weights(100, 3), 0).mean() > weights(100, 3).mean()


def test_another_digit_gives_other_terms(model: FSVAE, x: torch.Tensor, y: torch.Tensor) -> None:
    one, other = (
        model.given(digits).elbo_terms(x, generator=torch.Generator().manual_seed(1)) for digits in (y, (y + 1) % 10)
    )
    assert (one.rec != other.rec).all()
    assert (one.kl != other.kl).all()


def test_images_without_their_digits_are_refused(model: FSVAE) -> None:
    with pytest.raises(ValueError, match="digits must come with them"):
        density_of(model, None)


def test_training_minimises_the_nelbo_of_the_images_under_their_own_digits(
    model: FSVAE, x: torch.Tensor, y: torch.Tensor
) -> None:
    loss, reported = model.objective(Batch(x, y, x[:0], y[:0]), generator=torch.Generator().manual_seed(1))
    terms = model.given(y).elbo_terms(x, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(loss, terms.nelbo.mean())
    assert list(reported) == ["nelbo", "kl", "rec"]


def test_prior_samples_are_styles_followed_by_digits(model: FSVAE) -> None:
    latents = model.sample_prior(97, temperature=0.0, generator=torch.Generator().manual_seed(0))
    assert latents.shape == (97, 15)
    assert not latents[:, :5].any()
    assert latents[:, 5:].sum(1).unique().tolist() == [1]
    assert latents[:, 5:].any(0).all()


def test_mean_images_are_clipped(model: FSVAE) -> None:
    latents = model.latents(torch.zeros(10, 5, dtype=torch.float64), torch.arange(10))
    means = model.dec(latents)
    assert means.min() < 0
    assert torch.equal(model.decode_mean(latents), means.clamp(0, 1))


@pytest.mark.parametrize("sizes", [{"z": 0}, {"pixels": 784}, {"pixels": 47}, {"y": 9}, {"variance": 0}], ids=str)
def test_sizes_that_cannot_be_are_refused(sizes: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        FSVAEConfig.model_validate(sizes)
