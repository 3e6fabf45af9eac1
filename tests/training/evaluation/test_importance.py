import math
from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from models import vae
from models.vae import VAEConfig
from training.evaluation.importance import ImportanceSample, draw_importance_sample
from training.system.errors import UserError


def spread(count: int, scale: float) -> ImportanceSample:
    noise = torch.Generator().manual_seed(count)
    return ImportanceSample(scale * torch.randn(count, generator=noise, dtype=torch.float64) - 90)


@given(st.integers(1, 5), st.integers(1, 5), st.integers(1, 5), st.floats(0, 30))
def test_the_bound_rises_from_group_to_larger_group(a: int, b: int, c: int, scale: float) -> None:
    sample = spread(a * b * c, scale)
    assert sample.bound(a) <= sample.bound(a * b) + 1e-9 <= sample.bound(a * b * c) + 2e-9


def test_the_bound_lies_between_the_mean_and_the_logarithm_of_the_mean() -> None:
    sample = ImportanceSample(torch.tensor([1.0, 2.0, 4.0]).double().log())
    assert sample.bound(1) == pytest.approx(math.log(2))  # the geometric mean
    assert sample.bound(3) == pytest.approx(math.log(7 / 3))
    assert sample.bound(2) == pytest.approx(math.log(1.5))  # the third weight makes no whole group


@pytest.mark.parametrize("m", [-1, 0, 4])
def test_a_group_larger_than_the_sample_is_refused(m: int) -> None:
    with pytest.raises(ValueError, match="from 1 to 3"):
        spread(3, 1).bound(m)


def test_who_carries_the_weight() -> None:
    sample = ImportanceSample(torch.tensor([1.0, 6.0, 1.0, 2.0]).double().log())
    assert sample.shares.tolist() == pytest.approx([0.1, 0.6, 0.1, 0.2])
    assert [sample.carriers(share) for share in (0.1, 0.59, 0.7, 0.85, 1.0)] == [1, 1, 2, 3, 4]
    assert sample.effective_samples == pytest.approx(1 / (0.01 + 0.36 + 0.01 + 0.04))


@given(st.integers(1, 200), st.integers(1, 40), st.floats(0, 50))
def test_a_histogram_holds_every_sample_and_all_weight(count: int, bins: int, scale: float) -> None:
    sample = spread(count, scale)
    bars = sample.histogram(bins)
    assert len(bars) == bins
    assert all(right == pytest.approx(left) for (_, right, *_), (left, *_) in pairwise(bars))
    assert bars[0][0] == float(sample.log_weights.min())
    assert bars[-1][1] >= float(sample.log_weights.max()) - 1e-9
    assert sum(bar[2] for bar in bars) == pytest.approx(1)
    assert sum(bar[3] for bar in bars) == pytest.approx(1)


def test_the_weights_are_the_models_own_under_the_seed(small: VAEConfig) -> None:
    model = vae.FAMILY.fresh(small, seed=0)
    image = torch.randint(0, 2, (small.pixels,), generator=torch.Generator().manual_seed(0)).float()
    sample = draw_importance_sample(model, image, 37, seed=5)
    noise = torch.Generator().manual_seed(5)
    with torch.inference_mode():
        direct = torch.cat(list(model.log_weights(image.unsqueeze(0), 37, generator=noise, chunk=37)))
    assert sample.log_weights.shape == (37,)
    assert torch.allclose(sample.log_weights, direct[:, 0].double(), atol=1e-5)
    assert not torch.equal(draw_importance_sample(model, image, 37, seed=6).log_weights, sample.log_weights)
    with pytest.raises(UserError):
        draw_importance_sample(model, image, 0)
