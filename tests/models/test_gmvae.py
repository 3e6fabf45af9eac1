import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from models.blocks.distributions import component_log_densities, log_normal, log_normal_mixture
from models.contract import Batch
from models.gmvae import FAMILY, GMVAE, GMVAEConfig

CONFIG = GMVAEConfig(z=5, k=3, hidden=(11, 13), pixels=16)


@pytest.fixture
def model() -> GMVAE:
    built: GMVAE = FAMILY.fresh(CONFIG, seed=0)
    return built.double()


def test_it_is_the_homeworks_network() -> None:
    model = GMVAE(GMVAEConfig())
    assert sum(value.numel() for value in model.parameters()) == 671_404
    assert model.z_pre.shape == (1, 1000, 10)
    assert model.pi.tolist() == pytest.approx([1 / 500] * 500)
    assert model.z_pre.std().item() == pytest.approx((500 * 10) ** -0.5, rel=0.05)


@given(st.integers(0, 1000))
def test_one_component_is_one_gaussian(seed: int) -> None:
    noise = torch.Generator().manual_seed(seed)
    x = torch.randn(7, 5, generator=noise, dtype=torch.float64)
    mean = torch.randn(1, 5, generator=noise, dtype=torch.float64)
    variance = torch.rand(1, 5, generator=noise, dtype=torch.float64) + 0.01
    torch.testing.assert_close(log_normal_mixture(x, mean, variance), log_normal(x, mean, variance))


def test_the_mixture_equals_torchs(model: GMVAE) -> None:
    means, variances = model.components()
    components = torch.distributions.Independent(torch.distributions.Normal(means, variances.sqrt()), 1)
    uniform = torch.distributions.Categorical(torch.ones(3, dtype=torch.float64))
    mixture = torch.distributions.MixtureSameFamily(uniform, components)
    z = torch.randn(4, 7, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    torch.testing.assert_close(model.log_prior(z), mixture.log_prob(z))
    torch.testing.assert_close(component_log_densities(z, means, variances), components.log_prob(z.unsqueeze(-2)))


def test_the_first_half_of_z_pre_are_means(model: GMVAE) -> None:
    means, variances = model.components()
    assert torch.equal(means, model.z_pre[0, :3])
    torch.testing.assert_close(variances, model.z_pre[0, 3:].exp().log1p() + 1e-8)


def test_kl_is_of_the_z_that_is_decoded(model: GMVAE) -> None:
    """With one sample each, NELBO = -log w: the same draw serves both terms."""
    x = torch.randint(0, 2, (7, 16), generator=torch.Generator().manual_seed(0)).double()
    terms = model.elbo_terms(x, generator=torch.Generator().manual_seed(1))
    (log_weights,) = model.log_weights(x, 1, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(terms.nelbo, -log_weights[0])


def test_prior_samples_come_from_every_component() -> None:
    model: GMVAE = FAMILY.fresh(CONFIG, seed=0)
    with torch.no_grad():
        model.z_pre[0, :3] = torch.tensor([-100.0, 0.0, 100.0]).unsqueeze(1)
    z = model.sample_prior(3000, generator=torch.Generator().manual_seed(0))
    near = [(z.mean(-1) - place).abs().lt(10).double().mean().item() for place in (-100, 0, 100)]
    assert near == pytest.approx([1 / 3] * 3, abs=0.05)


def test_responsibilities_are_bayes_rule(model: GMVAE) -> None:
    x = torch.randint(0, 2, (7, 16), generator=torch.Generator().manual_seed(0)).double()
    means, variances = model.components()
    z = model.posterior(x).mean
    joint = torch.stack([log_normal(z, *component).exp() for component in zip(means, variances, strict=True)], -1)
    torch.testing.assert_close(model.responsibilities(x), joint / joint.sum(-1, keepdim=True))


def test_used_components_are_counted(model: GMVAE) -> None:
    x = torch.randint(0, 2, (97, 16), generator=torch.Generator().manual_seed(0)).double()
    assert model.diagnose(Batch.without_labels(x, torch.zeros(97, dtype=torch.long)))["components"] in (1.0, 2.0, 3.0)
