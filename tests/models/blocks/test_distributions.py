import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.distributions import Bernoulli, Independent, Normal, kl_divergence

from models.blocks.distributions import (
    gaussian_parameters,
    kl_normal,
    log_bernoulli,
    log_mean_exp,
    log_normal,
    sample_gaussian,
)

BATCH, Z = 7, 5
seeds = st.integers(0, 2**32 - 1)


def golden_gaussian() -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    mean = torch.randn(3, 5)
    return mean, torch.exp(torch.randn_like(mean))


def random_gaussian(seed: int, spread: float = 2.0) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and variance, float64 (7, 5); variances from exp(-3 spread) to exp(3 spread) or so."""
    noise = torch.Generator().manual_seed(seed)
    mean, log_variance = torch.randn(2, BATCH, Z, generator=noise, dtype=torch.float64) * spread
    return mean, log_variance.exp()


def test_sample_gaussian_has_the_golden_value() -> None:
    mean, variance = golden_gaussian()
    torch.manual_seed(0)
    sample = sample_gaussian(mean, variance)
    torch.testing.assert_close(sample[0], torch.tensor([3.1795, -0.5145, -4.8044, 0.9323, -1.5945]), atol=5e-5, rtol=0)


def test_log_normal_has_the_golden_values() -> None:
    mean, variance = golden_gaussian()
    z = sample_gaussian(mean, variance)
    torch.testing.assert_close(
        log_normal(z, mean, variance), torch.tensor([-6.98196220, -7.60928249, -4.86915016]), atol=2e-6, rtol=0
    )


def test_a_sample_moves_with_its_mean_and_its_standard_deviation() -> None:
    mean, variance = random_gaussian(1)
    noise = sample_gaussian(torch.zeros_like(mean), torch.ones_like(mean), torch.Generator().manual_seed(3))
    sample = sample_gaussian(mean, variance, torch.Generator().manual_seed(3))
    torch.testing.assert_close((sample - mean) / variance.sqrt(), noise)


def test_a_sample_passes_gradients_to_mean_and_variance() -> None:
    mean, variance = (value.requires_grad_() for value in random_gaussian(1))
    noise = torch.Generator().manual_seed(3)
    sample = sample_gaussian(mean, variance, noise)
    sample.sum().backward()
    torch.testing.assert_close(mean.grad, torch.ones_like(mean))
    torch.testing.assert_close(variance.grad, ((sample - mean) / (2 * variance)).detach())


def test_a_sample_with_a_generator_leaves_the_default_one_alone() -> None:
    before = torch.get_rng_state()
    sample_gaussian(*random_gaussian(1), torch.Generator().manual_seed(3))
    assert torch.equal(torch.get_rng_state(), before)


def test_a_sample_broadcasts_with_fresh_noise_for_every_row() -> None:
    sample = sample_gaussian(torch.zeros(1), torch.ones(BATCH, Z), torch.Generator().manual_seed(3))
    assert sample.shape == (BATCH, Z)
    assert sample.unique().numel() == BATCH * Z


@given(seed=seeds)
def test_log_normal_equals_torch(seed: int) -> None:
    mean, variance = random_gaussian(seed)
    x = mean + 1.5
    expected = Independent(Normal(mean, variance.sqrt()), 1).log_prob(x)
    torch.testing.assert_close(log_normal(x, mean, variance), expected)


@given(seed=seeds)
def test_kl_equals_torch_and_is_never_negative(seed: int) -> None:
    q, p = random_gaussian(seed), random_gaussian(seed ^ 1)
    expected = kl_divergence(Independent(Normal(q[0], q[1].sqrt()), 1), Independent(Normal(p[0], p[1].sqrt()), 1))
    kl = kl_normal(*q, *p)
    torch.testing.assert_close(kl, expected)
    assert (kl >= 0).all()


@given(seed=seeds)
def test_kl_of_a_gaussian_to_itself_is_zero(seed: int) -> None:
    q = random_gaussian(seed)
    assert torch.equal(kl_normal(*q, *q), torch.zeros(BATCH, dtype=torch.float64))


@given(seed=seeds)
def test_log_bernoulli_equals_torch_on_binary_pixels(seed: int) -> None:
    noise = torch.Generator().manual_seed(seed)
    logits = 4 * torch.randn(BATCH, 16, generator=noise, dtype=torch.float64)
    x = torch.randint(0, 2, (BATCH, 16), generator=noise).double()
    expected = Independent(Bernoulli(logits=logits), 1).log_prob(x)
    torch.testing.assert_close(log_bernoulli(x, logits), expected)


def test_log_bernoulli_is_exact_where_a_probability_rounds_to_one() -> None:
    logits = torch.full((2, 3), 200.0)
    x = torch.tensor([[1.0, 1.0, 1.0], [1.0, 0.0, 1.0]])
    assert log_bernoulli(x, logits).tolist() == [0.0, -200.0]


def test_log_bernoulli_broadcasts_samples_over_images() -> None:
    logits = torch.randn(3, BATCH, 16)
    x = torch.randint(0, 2, (BATCH, 16)).float()
    values = log_bernoulli(x, logits)
    assert values.shape == (3, BATCH)
    torch.testing.assert_close(values[2], log_bernoulli(x, logits[2]))


@given(seed=seeds, shift=st.floats(-1e4, 1e4))
def test_log_mean_exp_is_the_log_of_the_mean_wherever_the_values_lie(seed: int, shift: float) -> None:
    x = torch.randn(3, BATCH, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    torch.testing.assert_close(log_mean_exp(x + shift, 0), x.exp().mean(0).log() + shift, atol=1e-9, rtol=1e-9)


def test_log_mean_exp_and_its_gradient_are_those_of_logsumexp_however_far_values_lie_apart() -> None:
    x = torch.tensor([[0.0, -3.0, -79.0, -81.0, -5000.0], [-500.0, 700.0, 699.0, 0.0, -torch.inf]]).requires_grad_()
    for dim, count in ((0, 2), (1, 5)):
        ours, usual = log_mean_exp(x, dim), x.logsumexp(dim) - math.log(count)
        assert torch.equal(ours, usual)
        gradients = [torch.autograd.grad(values.sum(), x)[0] for values in (ours, usual)]
        torch.testing.assert_close(*gradients, atol=1e-34, rtol=1e-6)


def test_log_mean_exp_passes_on_what_is_infinite_or_no_number() -> None:
    x = torch.tensor([[-torch.inf, -torch.inf], [torch.inf, 1.0], [torch.nan, 1.0]])
    torch.testing.assert_close(log_mean_exp(x, 1), torch.tensor([-torch.inf, torch.inf, torch.nan]), equal_nan=True)


def test_gaussian_parameters_are_mean_and_softplus_variance() -> None:
    h = torch.randn(BATCH, 2 * Z)
    mean, variance = gaussian_parameters(h)
    assert torch.equal(mean, h[:, :Z])
    torch.testing.assert_close(variance, torch.log1p(h[:, Z:].exp()) + 1e-8)


def test_gaussian_parameters_split_any_axis() -> None:
    h = torch.randn(1, 2 * 3, Z)
    mean, variance = gaussian_parameters(h, dim=1)
    assert torch.equal(mean, h[:, :3])
    assert variance.shape == (1, 3, Z)


def test_the_smallest_variance_keeps_log_and_gradient_finite() -> None:
    h = torch.full((1, 2), -500.0, requires_grad=True)
    mean, variance = gaussian_parameters(h)
    assert variance.item() == pytest.approx(1e-8)
    kl_normal(mean, variance, torch.zeros(1), torch.ones(1)).sum().backward()
    assert h.grad is not None
    assert h.grad.isfinite().all()


def test_an_odd_number_of_features_is_refused() -> None:
    with pytest.raises(ValueError, match="even number of features, not 11"):
        gaussian_parameters(torch.zeros(BATCH, 11))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_densities_of_low_precision_outputs_are_float32(dtype: torch.dtype) -> None:
    logits = torch.randn(BATCH, 16).to(dtype)
    x = torch.ones(BATCH, 16)
    assert log_bernoulli(x, logits).dtype == torch.float32
    torch.testing.assert_close(log_bernoulli(x, logits), log_bernoulli(x, logits.float()), atol=0, rtol=0)
    assert gaussian_parameters(torch.zeros(1, 4, dtype=dtype))[1].dtype == torch.float32


def test_log_two_pi_is_counted_once_per_dimension() -> None:
    at_mean = log_normal(torch.zeros(Z), torch.zeros(Z), torch.ones(Z))
    assert at_mean.item() == pytest.approx(-Z / 2 * math.log(2 * math.pi))
