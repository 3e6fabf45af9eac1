"""The bounds of one image: a linear-Gaussian model's log p(x), and the subset argument counted out."""

import math
from itertools import combinations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from models.registry import FAMILIES
from tests.small_models import small_model
from training.theory.bounds import bound, bound_numbers, log_of_subset_means, mean_over_subsets
from training.theory.measured import agree


def test_bounds_of_a_linear_gaussian_model_rise_to_its_log_evidence() -> None:
    """z ~ N(0, 1), x|z ~ N(z, 1), q = N(0.9 x, 0.8): log p(x) = log N(x; 0, 2)."""
    x, noise = 1.3, np.random.default_rng(0)
    z = noise.normal(0.9 * x, math.sqrt(0.8), 40_000)
    log_w = norm.logpdf(x, z, 1) + norm.logpdf(z) - norm.logpdf(z, 0.9 * x, math.sqrt(0.8))
    evidence = norm.logpdf(x, 0, math.sqrt(2))
    found = [bound(torch.tensor(log_w), m) for m in (1, 10, 100, 1000)]
    assert [each.value for each in found] == sorted(each.value for each in found)
    kl = 0.5 * (0.8 / 0.5 - 1 - math.log(0.8 / 0.5) + (0.9 * x - x / 2) ** 2 / 0.5)
    assert found[0].value == pytest.approx(evidence - kl, abs=4 * found[0].error)
    assert found[-1].value == pytest.approx(evidence, abs=4 * found[-1].error + 0.001)


@given(st.lists(st.floats(1e-6, 1.0), min_size=2, max_size=6), st.data())
def test_the_subset_argument_counted_out(weights: list[float], data: st.DataObject) -> None:
    size = data.draw(st.integers(1, len(weights)))
    w = torch.tensor(weights, dtype=torch.float64)
    chosen = [np.array(each) for each in combinations(weights, size)]
    assert mean_over_subsets(w, size) == pytest.approx(np.mean(weights))
    assert log_of_subset_means(w, size) == pytest.approx(np.mean([math.log(each.mean()) for each in chosen]))
    assert log_of_subset_means(w, size) <= math.log(np.mean(weights)) + 1e-12


@pytest.mark.parametrize("family", FAMILIES)
def test_one_image_of_every_family_has_all_numbers(family: str) -> None:
    model = small_model(family)
    noise = torch.Generator().manual_seed(0)
    grey = torch.rand(model.config.pixels, generator=noise)
    x = grey.round() if FAMILIES[family].images == "binary" else grey
    numbers = bound_numbers(model, x, 3)
    assert numbers["bound_1"].value <= numbers["bound_10"].value <= numbers["bound_1000"].value
    assert numbers["bound_1000"].value <= numbers["log_mean"].value
    if family != "ssvae":  # its weights sum the label out, so L_1 lies above the ELBO
        assert agree(numbers["bound_1"], numbers["elbo"])
