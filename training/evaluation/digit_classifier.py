"""Train, ship and load the classifiers that judge swapped digits, one for each data set."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import safetensors.torch
import torch
import torch.nn.functional as F
from safetensors import SafetensorError

from models.blocks.digit_classifier import DigitClassifier
from training.data.datasets import Dataset, Images
from training.system.device import best_precision, products_in
from training.system.errors import Cancelled, UserError
from training.system.files import replace_file
from training.system.folders import PROJECT

__all__ = [
    "ShippedClassifier",
    "classifier_accuracy",
    "classifier_file",
    "load_classifier",
    "train_classifier",
    "write_classifier",
]

BATCH = 128
LEARNING_RATE = 2e-3
SHIFT = 2  # pixels: digits stand not always in the very middle
AT_ONCE = 500


@dataclass(frozen=True)
class ShippedClassifier:
    """The classifier in evaluation mode, and its measured accuracy on test images."""

    model: DigitClassifier
    accuracy: float


def train_classifier(
    dataset: Dataset,
    *,
    epochs: int = 10,
    seed: int = 0,
    on_progress: Callable[[float], None] = lambda fraction: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> DigitClassifier:
    """A classifier trained on real images: Adam, its rate falling along a cosine, images shifted by up to two pixels.

    Arguments:
        on_progress: called with the fraction done, 0..1, after every step.

    Raises:
        Cancelled: `should_stop` answered yes.
    """
    train, noise = dataset.train, torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = DigitClassifier()
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # convolutions are faster so
    precision = best_precision("cpu")
    optimiser = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE, fused=True)
    batches = [batch for _ in range(epochs) for batch in torch.randperm(len(train), generator=noise).split(BATCH)]
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, len(batches))
    for done, chosen in enumerate(batches, start=1):
        if should_stop():
            raise Cancelled
        down, right = torch.randint(-SHIFT, SHIFT + 1, (2,), generator=noise).tolist()
        images = train.images[chosen].view(-1, 3, 32, 32).roll((down, right), (-2, -1))
        with products_in(precision, "cpu"):
            logits = model(images.flatten(1).float() / 255)
        loss = F.cross_entropy(logits.float(), train.labels[chosen])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        on_progress(done / len(batches))
    return model.to(memory_format=torch.contiguous_format).eval()  # type: ignore[call-overload]


def classifier_accuracy(model: DigitClassifier, digits: Images) -> float:
    """The share of images with the digit that the classifier predicts."""
    blocks = zip(digits.images.split(AT_ONCE), digits.labels.split(AT_ONCE), strict=True)
    return sum(int((model.read(images.float() / 255) == labels).sum()) for images, labels in blocks) / len(digits)


def classifier_file(data: str) -> Path:
    """Where the classifier of a data set ships."""
    return PROJECT / "assets" / f"{data}-classifier.safetensors"


def write_classifier(model: DigitClassifier, accuracy: float, file: Path) -> None:
    """Ship a classifier with its test accuracy, in half precision: its weights need no more."""
    tensors = {
        name: value.half().contiguous() if value.is_floating_point() else value
        for name, value in model.state_dict().items()
    }
    replace_file(file, safetensors.torch.save(tensors, metadata={"accuracy": f"{accuracy:.4f}"}))


def load_classifier(file: Path) -> ShippedClassifier:
    """A shipped classifier.

    Raises:
        UserError: none ships, or it cannot be read.
    """
    try:
        content = file.read_bytes()
        header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
        model = DigitClassifier()
        model.load_state_dict(safetensors.torch.load(content))
        return ShippedClassifier(model.eval().requires_grad_(False), float(header["__metadata__"]["accuracy"]))
    except FileNotFoundError:
        raise UserError(
            f"There is no {file.name} yet to judge swapped digits: make it with `python -m training train-reader`."
        ) from None
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise UserError(f"{file} cannot be read: remake it with `python -m training train-reader`.") from error
