"""Against scipy's entropy and densities, label by label."""

import math

import numpy as np
import pytest
import torch
from scipy.stats import bernoulli, entropy, norm

from models.ssvae import SSVAE, SSVAEConfig
from training.theory.measured import EXACT
from training.theory.summed_labels import each_label, label_numbers


@pytest.fixture
def model() -> SSVAE:
    torch.manual_seed(0)
    return SSVAE(SSVAEConfig(pixels=16, z=5, hidden=(11, 13)))


def test_every_label_has_scipys_densities(model: SSVAE) -> None:
    model = model.double()
    noise = torch.Generator().manual_seed(1)
    x = torch.randint(0, 2, (16,), generator=noise).double()
    e = torch.randn((10, 5), generator=noise, dtype=torch.float64)
    with torch.no_grad():
        found = {name: value.numpy() for name, value in each_label(model, x, e).items()}
        for y in (0, 3, 9):
            one_hot = torch.eye(10, dtype=torch.float64)[y]
            mean, raw = model.enc(torch.cat([x, one_hot])).chunk(2)
            variance = torch.nn.functional.softplus(raw) + 1e-8
            z = mean + variance.sqrt() * e[y]
            p = model.dec(torch.cat([z, one_hot])).sigmoid().numpy()
            rec = -bernoulli.logpmf(x.numpy(), p).sum()
            assert found["rec"][y] == pytest.approx(rec)
            q = norm.logpdf(z.numpy(), mean.numpy(), variance.sqrt().numpy()).sum()
            assert found["log_w"][y] == pytest.approx(-rec + norm.logpdf(z.numpy()).sum() - q)
    assert np.exp(found["log_q_y"]).sum() == pytest.approx(1)


def test_the_batch_of_labels_equals_the_loop_and_the_kl_of_y_its_entropy(model: SSVAE) -> None:
    x = torch.randint(0, 2, (16,), generator=torch.Generator().manual_seed(2)).float()
    numbers = {name: number.value for name, number in label_numbers(model, x, 3).items()}
    with torch.no_grad():
        q = model.classify(x.unsqueeze(0))[0].double().exp().numpy()
    assert numbers["kl_y"] == pytest.approx(math.log(10) - entropy(q), abs=EXACT)
    assert numbers["nelbo"] == pytest.approx(numbers["nelbo_by_loop"], abs=EXACT)
    assert numbers["elbo_one_z"] <= numbers["label_summed"]
    assert numbers["cross_entropy"] == pytest.approx(-math.log(q[3]), abs=EXACT)
    assert next(model.parameters()).dtype == torch.float32
