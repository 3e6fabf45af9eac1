import math

import pytest
import torch
from torch.distributions import Categorical, Independent, MixtureSameFamily, Normal

from models.vampprior import FAMILY, VampPriorConfig, VampPriorVAE

CONFIG = VampPriorConfig(z=5, k=3, hidden=(11, 13), pixels=16)


@pytest.fixture
def model() -> VampPriorVAE:
    model = FAMILY.fresh(CONFIG, seed=0).double()
    with torch.no_grad():
        model.pseudo_inputs.uniform_(0, 1, generator=torch.Generator().manual_seed(3))
    return model


def test_its_pseudo_inputs_are_its_own_parameters() -> None:
    model = FAMILY.fresh(VampPriorConfig(), seed=0)
    assert model.pseudo_inputs.shape == (500, 784)
    assert sum(value.numel() for value in model.parameters()) == 661_404 + 500 * 784
    assert len(model.pseudo_inputs.unique(dim=0)) == 500  # equal ones would stay equal


def test_the_prior_is_the_mean_of_the_posteriors_at_the_pseudo_inputs(model: VampPriorVAE) -> None:
    mean, variance = model.posterior(model.pseudo_inputs)
    mixture = MixtureSameFamily(Categorical(torch.ones(3)), Independent(Normal(mean, variance.sqrt()), 1))
    z = torch.randn(7, 5, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    torch.testing.assert_close(model.log_prior(z), mixture.log_prob(z))


def test_an_image_that_is_a_pseudo_input_has_its_posterior_in_the_prior(model: VampPriorVAE) -> None:
    """log p(z) >= log q(z|u) - log k at any z: so KL(q(z|u) || p) is at most log k."""
    x = model.pseudo_inputs.detach()
    kl = torch.stack([model.elbo_terms(x).kl for _ in range(50)])
    assert kl.max() <= math.log(3) + 1e-9


def test_the_encoder_never_sees_values_outside_0_and_1(model: VampPriorVAE) -> None:
    with torch.no_grad():
        means, _ = model.components()
        model.pseudo_inputs[model.pseudo_inputs < 0.5] -= 1
        model.pseudo_inputs[model.pseudo_inputs > 0.5] += 1
        cut = model.posterior((model.pseudo_inputs > 0.5).double()).mean
    torch.testing.assert_close(model.components()[0], cut)
    assert not torch.allclose(means, cut)
