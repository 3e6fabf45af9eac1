import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from torch.distributions import Bernoulli, Independent, Normal

from models import vae
from models.blocks.distributions import log_mean_exp
from models.vae import VAE, VAEConfig


def binary(batch: int, pixels: int, seed: int = 0) -> torch.Tensor:
    return torch.randint(0, 2, (batch, pixels), generator=torch.Generator().manual_seed(seed)).float()


def log_weights(model: VAE, x: torch.Tensor, m: int, chunk: int = 10) -> torch.Tensor:
    noise = torch.Generator().manual_seed(1)
    return torch.cat(list(model.log_weights(x, m, generator=noise, chunk=chunk)))


@pytest.fixture
def model(small: VAEConfig) -> VAE:
    fresh: VAE = vae.FAMILY.fresh(small, seed=0).double()
    return fresh


def test_untrained_iwae_has_the_golden_value() -> None:
    torch.manual_seed(0)
    x = torch.randint(0, 2, (97, 784)).float()
    model = VAE(VAEConfig())
    torch.manual_seed(0)
    with torch.inference_mode():
        bound = log_mean_exp(torch.cat(list(model.log_weights(x, 10))), 0).mean()
    assert -bound.item() == pytest.approx(544.36, abs=0.15)


def test_the_homeworks_vae_has_its_parameters_names_and_shapes() -> None:
    model = VAE(VAEConfig())
    assert sum(value.numel() for value in model.parameters() if value.requires_grad) == 661_404
    assert {name: tuple(value.shape) for name, value in model.state_dict().items()} == {
        "z_prior_m": (1,),
        "z_prior_v": (1,),
        "enc.net.0.weight": (300, 784),
        "enc.net.0.bias": (300,),
        "enc.net.2.weight": (300, 300),
        "enc.net.2.bias": (300,),
        "enc.net.4.weight": (20, 300),
        "enc.net.4.bias": (20,),
        "dec.net.0.weight": (300, 10),
        "dec.net.0.bias": (300,),
        "dec.net.2.weight": (300, 300),
        "dec.net.2.bias": (300,),
        "dec.net.4.weight": (784, 300),
        "dec.net.4.bias": (784,),
    }
    assert (model.z_prior_m.item(), model.z_prior_v.item()) == (0, 1)


def test_the_encoder_is_built_before_the_decoder(small: VAEConfig) -> None:
    torch.manual_seed(3)
    first = torch.nn.Linear(small.pixels, small.hidden[0])
    torch.manual_seed(3)
    assert torch.equal(VAE(small).get_parameter("enc.net.0.weight"), first.weight)


def test_the_second_half_of_the_encoders_output_is_a_variance(model: VAE) -> None:
    x = binary(7, 16).double()
    q = model.posterior(x)
    output = model.enc(x)
    assert torch.equal(q.mean, output[:, :5])
    torch.testing.assert_close(q.variance, output[:, 5:].exp().log1p() + 1e-8)


def test_terms_and_weights_equal_the_equations_written_with_torch(model: VAE) -> None:
    """log w = log p(x|z) + log p(z) - log q(z|x), and the terms at the same z, from torch.distributions."""
    x = binary(7, 16).double()
    mean, variance = model.posterior(x)
    q = Independent(Normal(mean, variance.sqrt()), 1)
    prior = Independent(Normal(torch.zeros_like(mean), torch.ones_like(mean)), 1)
    z = mean + variance.sqrt() * torch.randn(7, 5, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    log_likelihood = Independent(Bernoulli(logits=model.dec(z)), 1).log_prob(x)

    terms = model.elbo_terms(x, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(terms.rec, -log_likelihood)
    torch.testing.assert_close(terms.kl, torch.distributions.kl_divergence(q, prior))
    expected = log_likelihood + prior.log_prob(z) - q.log_prob(z)
    torch.testing.assert_close(log_weights(model, x, 1)[0], expected)


@pytest.mark.parametrize("batch", [1, 7, 97, 100])
def test_nelbo_is_kl_plus_reconstruction_for_every_batch_size(model: VAE, batch: int) -> None:
    terms = model.elbo_terms(binary(batch, 16).double())
    assert terms.nelbo.shape == (batch,)
    assert torch.equal(terms.nelbo, terms.kl + terms.rec)
    assert terms.means()["nelbo"].item() == pytest.approx(terms.nelbo.mean().item())


@given(m=st.integers(1, 23), chunk=st.integers(1, 30))
def test_one_seed_gives_the_same_weights_for_every_chunk_size(m: int, chunk: int) -> None:
    model = vae.FAMILY.fresh(VAEConfig(z=5, hidden=(11, 13), pixels=16), seed=0).double()
    x = binary(7, 16).double()
    weights = log_weights(model, x, m, chunk)
    assert weights.shape == (m, 7)
    torch.testing.assert_close(weights, log_weights(model, x, m, m))


def test_chunks_are_no_longer_than_asked(model: VAE) -> None:
    assert [len(chunk) for chunk in model.log_weights(binary(7, 16).double(), 8, chunk=3)] == [3, 3, 2]


@pytest.mark.parametrize(("m", "chunk"), [(0, 10), (-3, 10), (5, 0)])
def test_no_samples_is_refused(model: VAE, m: int, chunk: int) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        next(model.log_weights(binary(7, 16).double(), m, chunk=chunk))


def test_the_mean_weight_does_not_depend_on_where_the_images_stand(model: VAE) -> None:
    """Every image has its own noise and its own weights: another image beside it changes nothing."""
    x = binary(7, 16).double()
    changed = x.clone()
    changed[0] = 1 - changed[0]
    before, after = log_weights(model, x, 3), log_weights(model, changed, 3)
    torch.testing.assert_close(before[:, 1:], after[:, 1:])
    assert (before[:, 0] != after[:, 0]).all()


def test_prior_samples_are_standard_normal_times_the_temperature(model: VAE) -> None:
    def draw(temperature: float) -> torch.Tensor:
        return model.sample_prior(4001, temperature=temperature, generator=torch.Generator().manual_seed(0))

    z = draw(1.0)
    assert z.shape == (4001, 5)
    assert z.mean().item() == pytest.approx(0, abs=0.03)
    assert z.std().item() == pytest.approx(1, abs=0.03)
    torch.testing.assert_close(draw(0.5), z * 0.5)
    assert not draw(0.0).any()


def test_reconstructions_are_means_at_the_posteriors_mean(model: VAE) -> None:
    x = binary(7, 16).double()
    expected = model.dec(model.posterior(x).mean).sigmoid()
    torch.testing.assert_close(model.reconstruct(x).double(), expected, atol=1e-6, rtol=0)


def test_bfloat16_products_leave_the_terms_in_float32(small: VAEConfig) -> None:
    model = vae.FAMILY.fresh(small, seed=0)
    x = binary(97, 16)
    exact = model.elbo_terms(x, generator=torch.Generator().manual_seed(1))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        terms = model.elbo_terms(x, generator=torch.Generator().manual_seed(1))
    assert {value.dtype for value in terms} == {torch.float32}
    assert terms.nelbo.mean().item() == pytest.approx(exact.nelbo.mean().item(), rel=0.01)


@pytest.mark.parametrize(
    "sizes", [{"z": 0}, {"z": -1}, {"pixels": 783}, {"pixels": 0}, {"hidden": (11, 0)}, {"hidden": (11,)}]
)
def test_sizes_that_cannot_be_are_refused(sizes: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        VAEConfig.model_validate(sizes)
