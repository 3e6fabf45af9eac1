"""A decoder as bytes, for a browser that decodes by itself: pages/latent/decoder.js reads what is written here."""

import struct
from itertools import pairwise

import numpy as np
import torch
from torch import nn

from models.contract import Model, PlainDecoder, role

__all__ = ["NAME_BYTES", "pack_decoder"]

NAME_BYTES = 64


def pack_decoder(model: Model, name: str) -> bytes | None:
    """A model's decoder of MNIST, little-endian; None if it is not linear layers to logits with an ELU between them.

    The name in 64 bytes; the number of widths and the widths from latent to pixels, uint32; then for each layer its
    weight, row by row, and its bias, float32.

    Arguments:
        name: 64 ASCII characters, such as a sha256 in hexadecimal.

    Raises:
        ValueError: the name has another length.
    """
    if len(encoded := name.encode("ascii")) != NAME_BYTES:
        raise ValueError(f"A decoder's name has {NAME_BYTES} characters, not {len(encoded)}.")
    decoder = role(model, PlainDecoder)
    if decoder is None:
        return None
    modules = list(decoder.decoder_layers())
    linear = [layer for layer in modules[::2] if isinstance(layer, nn.Linear)]
    activations = [part for part in modules[1::2] if isinstance(part, nn.ELU) and part.alpha == 1]
    if len(linear) + len(activations) < len(modules):
        return None
    widths = [linear[0].in_features, *(layer.out_features for layer in linear)]
    assert all(layer.in_features == width for layer, (width, _) in zip(linear, pairwise(widths), strict=True))
    parts = [encoded, struct.pack(f"<{1 + len(widths)}I", len(widths), *widths)]
    for layer in linear:
        parts += [_floats(layer.weight), _floats(layer.bias)]
    return b"".join(parts)


def _floats(values: torch.Tensor) -> bytes:
    array: np.ndarray = values.detach().float().cpu().contiguous().numpy()
    return array.astype("<f4").tobytes()
