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

from training.checkpoints.reading import Checkpoint
from training.system.errors import UserError
from training.system.files import replace_file

__all__ = ["BANK", "StyleBank", "read_bank", "write_bank"]

BANK = "styles.safetensors"


@dataclass(frozen=True)
class StyleBank:
    """Styles of n test images under their own digits.

    Attributes:
        styles: means of q(z|x, y), float32 (n, z).
        indices, digits: the images' numbers in file order, and what they show: int64 (n,).
        kl: KL of each dimension, mean over the images, in nats: float32 (z,).
    """

    styles: Tensor
    indices: Tensor
    digits: Tensor
    kl: Tensor

    @property
    def sound(self) -> bool:
        """Whether types and sizes are what they should be."""
        n, z = self.styles.shape if self.styles.dim() == 2 else (0, 0)
        reals, numbers = (self.styles, self.kl), (self.indices, self.digits)
        return (
            n > 0
            and all(value.dtype == torch.float32 and bool(value.isfinite().all()) for value in reals)
            and all(value.dtype == torch.int64 and value.shape == (n,) for value in numbers)
            and self.kl.shape == (z,)
        )


def write_bank(folder: Path, bank: StyleBank, sha256: str) -> None:
    """Write a bank beside weights; `sha256` is that of the weights file whose model encoded it."""
    tensors = {name: value.contiguous() for name, value in vars(bank).items()}
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
        owner = header["__metadata__"]["weights"]
    except FileNotFoundError:
        raise UserError(f"{checkpoint.name} has no style bank beside it: take the prior, or test images.") from None
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise UserError(f"{file} cannot be read as a style bank: take the prior, or test images.") from error
    if not bank.sound or owner != checkpoint.sha256:
        raise UserError(f"{file} is the style bank of other weights: take the prior, or test images.")
    return bank
