import torch
from torch import Tensor, nn

from training.data.datasets import Images
from training.evaluation.classification import accuracy, confusion, predict


class ByBrightness(nn.Module):
    """Label 0 for dark images, 1 for bright ones, 2 never; every image must come as values in 0..1."""

    def classify(self, x: Tensor) -> Tensor:
        assert 0 <= x.min() <= x.max() <= 1
        bright = x.mean(-1)
        return torch.stack([1 - bright, bright, torch.full_like(bright, -9)], -1).log_softmax(-1)


def digits(count: int) -> Images:
    noise = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (count, 1), generator=noise, dtype=torch.uint8).repeat(1, 7)
    return Images(images, torch.randint(0, 3, (count,), generator=noise))


def test_each_image_gets_its_likeliest_label() -> None:
    some = digits(2017)  # more than are read at once
    assert torch.equal(predict(ByBrightness(), some.images), (some.images[:, 0] > 127).long())


def test_the_diagonal_of_the_confusions_is_the_accuracy() -> None:
    some = digits(97)
    predicted = predict(ByBrightness(), some.images)
    counts = confusion(some.labels, predicted, classes=3)
    assert counts.sum(1).tolist() == torch.bincount(some.labels, minlength=3).tolist()
    assert counts[2, 0] == int(((some.labels == 2) & (predicted == 0)).sum())
    assert accuracy(ByBrightness(), some) == counts.trace() / 97
