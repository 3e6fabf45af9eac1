"""The style bank beside shipped weights: styles of real test images as that very model encodes them.

It holds numbers, no images: so styles of real photographs can be shown where SVHN is not on disk.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from training.checkpoints import Checkpoint
from training.errors import UserError
from training.files import replace_file

__all__ = ["BANK", "StyleBank", "read_bank", "write_bank"]

BANK = "styles.safetensors"


@dataclass(frozen=True)
class StyleBank:
    """Styles float32 (n, z) of SVHN test images; their numbers in file order and their digits, int64 (n,)."""

    styles: Tensor
    indices: Tensor
    digits: Tensor


def write_bank(folder: Path, bank: StyleBank, sha256: str) -> None:
    """Write a bank beside weights; `sha256` is that of the weights file whose model encoded it."""
    tensors = {"styles": bank.styles, "indices": bank.indices, "digits": bank.digits}
    tensors = {name: value.contiguous() for name, value in tensors.items()}
    replace_file(folder / BANK, safetensors.torch.save(tensors, metadata={"weights": sha256}))


def read_bank(checkpoint: Checkpoint) -> StyleBank:
    """The bank beside a checkpoint's weights.

    Raises:
        UserError: there is none, it cannot be read, or it is another model's.
    """
    file = checkpoint.file.parent / BANK
    try:
        content = file.read_bytes()
        header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
        bank = StyleBank(**safetensors.torch.load(content))
        sound = bank.styles.dtype == torch.float32 and bank.styles.dim() == 2 and len(bank.styles) > 0
        owner = header["__metadata__"]["weights"]
    except FileNotFoundError:
        raise UserError(
            f"{checkpoint.name} has no style bank beside it: take the prior, or SVHN test images."
        ) from None
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise UserError(f"{file} cannot be read as a style bank: take the prior, or SVHN test images.") from error
    if not sound or owner != checkpoint.sha256:
        raise UserError(f"{file} is the style bank of other weights: take the prior, or SVHN test images.")
    return bank
