"""Against scipy, and against the floats that it is about."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

from models.gmvae import GMVAE, GMVAEConfig
from training.theory.measured import EXACT
from training.theory.mixture_density import density_numbers, farther_out, in_floats, log_sum_exp, naive_log_mean_exp


@pytest.fixture
def model() -> GMVAE:
    torch.manual_seed(0)
    return GMVAE(GMVAEConfig(pixels=16, z=5, k=7, hidden=(11, 13)))


def test_every_number_is_scipys(model: GMVAE) -> None:
    x = (torch.arange(16) % 3 == 0).float()
    numbers = {name: number.value for name, number in density_numbers(model, x).items()}
    with torch.no_grad():
        z = model.posterior(x.unsqueeze(0)).mean[0].double().numpy()
        means, variances = (value.double().numpy() for value in model.components())
    each = np.array([multivariate_normal.logpdf(z, m, np.diag(v)) for m, v in zip(means, variances, strict=True)])
    expected = logsumexp(each) - math.log(7)
    for name in ("mixture", "naive", "sum_minus_log_k"):
        assert numbers[name] == pytest.approx(expected, abs=EXACT)
    for name in ("largest", "all_dimensions", "log_of_product", "mixture_of_one"):
        assert numbers[name] == pytest.approx(each.max(), abs=EXACT)
    best = each.argmax()
    one = multivariate_normal.logpdf(z[0], means[best, 0], variances[best, 0])
    assert numbers["one_dimension"] == pytest.approx(one, abs=EXACT)
    assert numbers["one_by_hand"] == pytest.approx(one, abs=EXACT)
    assert numbers["too_large"] == pytest.approx(math.log(7), abs=EXACT)
    out = farther_out(model, x, 3.0).numpy()
    assert out[best] == pytest.approx(multivariate_normal.logpdf(3 * z, means[best], np.diag(variances[best])))


@settings(deadline=None)
@given(st.lists(st.floats(-5000, 5000), min_size=1, max_size=9))
def test_log_sum_exp_is_scipys_wherever_the_naive_form_fails(a: list[float]) -> None:
    assert float(log_sum_exp(torch.tensor(a, dtype=torch.float64))) == pytest.approx(logsumexp(a), rel=1e-12, abs=1e-9)


@pytest.mark.parametrize(("shift", "single", "double"), [(0, True, True), (-200, False, True), (-800, False, False)])
def test_the_naive_form_fails_where_floats_end(shift: float, single: bool, double: bool) -> None:
    a = torch.tensor([0.0, -1.0, -2.0], dtype=torch.float64) + shift
    found = in_floats(a)
    assert math.isfinite(found.naive32) is single
    assert math.isfinite(found.naive64) is double
    assert found.stable64 == pytest.approx(logsumexp(a.numpy()) - math.log(3))
    assert found.stable32 == pytest.approx(found.stable64, rel=1e-6)
    assert (found.zeros == 3) is (found.largest == 0) is (not single)
    assert float(naive_log_mean_exp(a)) == found.naive64
