import struct
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from models.contract import Conditional, role
from models.registry import FAMILIES
from tests.small_models import SMALL, small_model
from training.latent.packed_decoder import NAME_BYTES, pack_decoder

NAME = "0123456789abcdef" * 4


def unpack(packed: bytes) -> tuple[list[int], np.ndarray]:
    """The widths and all the numbers, read as the file's description says."""
    (count,) = struct.unpack_from("<I", packed, NAME_BYTES)
    widths = list(struct.unpack_from(f"<{count}I", packed, NAME_BYTES + 4))
    return widths, np.frombuffer(packed, "<f4", offset=NAME_BYTES + 4 * (count + 1))


@pytest.mark.parametrize("name", FAMILIES)
def test_the_bytes_are_the_decoder(name: str) -> None:
    model = small_model(name)
    packed = pack_decoder(model, NAME)
    if role(model, Conditional) is not None:
        assert packed is None  # means of colours, no logits
        return
    assert packed is not None
    assert packed[:NAME_BYTES].decode() == NAME
    widths, numbers = unpack(packed)
    latent = model.sample_prior(1)
    assert widths == [latent.shape[1], 11, 13, model.config.pixels]
    values, at = latent.squeeze(0).detach().numpy(), 0
    for inputs, outputs in pairwise(widths):
        weight = numbers[at : at + inputs * outputs].reshape(outputs, inputs)
        bias = numbers[at + inputs * outputs :][:outputs]
        at += (inputs + 1) * outputs
        values = weight @ values + bias
        if at < len(numbers):
            values = np.where(values > 0, values, np.expm1(values))
    assert at == len(numbers)
    torch.testing.assert_close(
        torch.from_numpy(1 / (1 + np.exp(-values))), model.decode_mean(latent).squeeze(0).detach()
    )


def test_a_decoder_of_another_kind_is_not_packed() -> None:
    model: Any = FAMILIES["vae"].fresh(FAMILIES["vae"].config(**SMALL), seed=0)
    model.dec.net[1] = nn.Tanh()
    assert pack_decoder(model, NAME) is None
    model.dec.net[1], model.dec.net[2] = nn.ELU(), nn.Identity()
    assert pack_decoder(model, NAME) is None


def test_a_name_has_its_length() -> None:
    with pytest.raises(ValueError):
        pack_decoder(FAMILIES["vae"].fresh(FAMILIES["vae"].config(), seed=0), "vae")
