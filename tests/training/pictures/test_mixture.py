import numpy as np
import pytest
import torch

from models.gmvae import FAMILY, GMVAE, GMVAEConfig
from training.pictures.grids import to_uint8
from training.pictures.mixture import draw_components, usage


@pytest.fixture
def model() -> GMVAE:
    built: GMVAE = FAMILY.fresh(GMVAEConfig(z=5, k=3, hidden=(11, 13), pixels=16), seed=0)
    return built.eval().requires_grad_(False)


def test_every_image_counts_once_for_its_best_component(model: GMVAE) -> None:
    images = torch.randint(0, 2, (97, 16), generator=torch.Generator().manual_seed(0)).float()
    model.z_pre[0, 1] = model.posterior(images).mean.mean(0)  # in the middle of all codes
    model.z_pre[0, [0, 2]] = torch.tensor([[50.0], [-50.0]])
    assert usage(model, images).tolist() == [0, 97, 0]


def test_a_row_is_drawn_from_its_component(model: GMVAE) -> None:
    tiles = draw_components(model, [2, 0], 7, seed=3)
    assert tiles.shape == (14, 4, 4)
    assert np.array_equal(tiles[:7], draw_components(model, [2], 7, seed=3))
    assert np.array_equal(tiles[7:], draw_components(model, [0], 7, seed=3))
    assert not np.array_equal(tiles, draw_components(model, [2, 0], 7, seed=4))
    model.z_pre[0, 3:] = -40.0  # variances of almost nothing: every draw is the mean
    mean = to_uint8(model.decode_mean(model.components()[0][[2]]))
    assert np.abs(draw_components(model, [2], 7).astype(int) - mean).max() <= 1
