import numpy as np
import torch

from models.ssvae import FAMILY, SSVAEConfig
from training.pictures.analogies import draw_analogies
from training.pictures.grids import to_uint8


def test_rows_are_labels_and_columns_are_codes() -> None:
    model = FAMILY.fresh(SSVAEConfig(z=5, y=3, hidden=(11, 13), pixels=16), seed=0).requires_grad_(False)
    codes = torch.randn(7, 5, generator=torch.Generator().manual_seed(1))
    tiles = draw_analogies(model, codes)
    assert tiles.shape == (21, 4, 4)
    one = model.decode_mean(torch.cat([codes[4], torch.tensor([0.0, 0.0, 1.0])]))
    assert np.array_equal(tiles[2 * 7 + 4], to_uint8(one[None])[0])
    assert np.array_equal(draw_analogies(model, 7, seed=1), tiles)
