"""What a classifier q(y|x) makes of test digits, fed grey as the homework does: labels, accuracy, confusions."""

from typing import Any

import torch
from torch import Tensor

from training.data.datasets import Images

__all__ = ["accuracy", "confusion", "predict"]


@torch.inference_mode()
def predict(model: Any, images: Tensor) -> Tensor:
    """The likeliest label of each image: grey, uint8 (n, pixels), fed as values in 0..1 -> int64 (n,).

    Arguments:
        model: a model with a classifier, `classify(x)`.
    """
    return torch.cat([model.classify(some.float() / 255).argmax(-1) for some in images.split(1000)])


def accuracy(model: Any, digits: Images) -> float:
    """The share of grey images whose likeliest label is their digit; see `predict`."""
    return int((predict(model, digits.images) == digits.labels).sum()) / len(digits)


def confusion(labels: Tensor, predicted: Tensor, classes: int = 10) -> Tensor:
    """Images of each class (rows) by predicted class (columns): int64 (n,) twice -> (classes, classes)."""
    return torch.bincount(labels * classes + predicted, minlength=classes**2).view(classes, classes)
