import math
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from models import fsvae
from models.blocks.conditional import ConditionalVAE
from models.fsvae import FSVAEConfig
from training.checkpoints.reading import load_checkpoint
from training.data.datasets import Dataset, Images
from training.evaluation.bounds import evaluate
from training.evaluation.disentanglement import (
    Disentanglement,
    linear_probe_accuracy,
    measure_disentanglement,
    probe_accuracy,
    style_kept,
)
from training.evaluation.evaluate import measure, measure_style

PIXELS = 3 * 4 * 4


class Painted(ConditionalVAE):
    """The style of an image is its first colour; a drawing shows its digit in the second value of every image.

    With `leaky` the digit is in the style too.
    """

    def __init__(self, leaky: bool) -> None:
        super().__init__()
        self.config = FSVAEConfig(z=5, hidden=(11, 13), pixels=3072)
        self.set_standard_normal()
        self.leaky = leaky

    def infer(self, x: Tensor, y: Tensor) -> Tensor:
        mean = torch.zeros(len(x), 5)
        mean[:, 3] = x[:, 0]
        if self.leaky:
            angle = y.argmax(1) * (2 * math.pi / 10)
            mean[:, 1], mean[:, 2] = angle.cos(), angle.sin()
        return torch.cat([mean, mean], 1)

    def decode(self, z: Tensor, y: Tensor) -> Tensor:
        drawn = z[:, 3:4].repeat(1, 3072)
        drawn[:, 1] = y.argmax(-1) / 10
        return drawn


def measured(model: Any, dataset: Dataset, read: Any) -> Disentanglement:
    """Measured with a report of two passes over the test images."""
    report = evaluate(model, dataset.test.images, (), labels=dataset.test.labels, passes=2)
    return measure_disentanglement(model, dataset, read, report)


def read(images: Tensor) -> Tensor:
    return (images[:, 1] * 10).round().long()


@pytest.fixture
def plain_colours(fake_svhn: Dataset) -> Dataset:
    """The images of `fake_svhn`, each painted over with its first value."""

    def painted(split: Any) -> Images:
        digits = fake_svhn.read(split)
        return Images(digits.images[:, :1].repeat(1, 3072), digits.labels)

    return Dataset("svhn", painted)


def test_a_model_that_obeys_and_keeps_the_style_has_both_numbers_at_one(plain_colours: Dataset) -> None:
    found = measured(Painted(leaky=False), plain_colours, read)
    assert (found.images, found.content_accuracy, found.content_accuracy_se) == (17, 1.0, 0.0)
    assert found.style_kept > 0.99
    assert found.style_leak < 0.5


def test_the_linear_probe_finds_a_digit_that_is_in_the_style(fake_svhn: Dataset) -> None:
    """Of 17 images eight are fitted to, and the others have digits among theirs or not: whole sets tell more."""
    noise = torch.Generator().manual_seed(0)
    labels = torch.arange(600) % 10
    images = torch.randint(0, 256, (600, 1), generator=noise, dtype=torch.uint8).repeat(1, 3072)
    many = Dataset("svhn", {"train": fake_svhn.train, "test": Images(images, labels)}.__getitem__)
    leaky, tight = (measured(Painted(leaky=each), many, read) for each in (True, False))
    assert leaky.style_leak_linear > 0.9
    assert leaky.style_leak > 0.6
    assert tight.style_leak < 0.25
    assert tight.style_leak_linear < 0.25
    assert leaky.chance == tight.chance
    assert 0.1 <= leaky.chance < 0.2
    assert leaky.style_leak_se == pytest.approx(math.sqrt(leaky.style_leak * (1 - leaky.style_leak) / 300))


def test_what_a_classifier_reaches_on_real_images_stands_beside_the_swaps(plain_colours: Dataset) -> None:
    found = measured(Painted(leaky=False), plain_colours, read)
    real = plain_colours.test.images.float() / 255
    assert found.content_ceiling == pytest.approx(float((read(real) == plain_colours.test.labels).float().mean()))


def test_a_digit_in_a_bent_form_is_found_by_the_nonlinear_probe_alone() -> None:
    """Each class is two clouds, one opposite the other: a probe with hidden layers tells them apart."""
    noise = torch.Generator().manual_seed(0)
    labels = torch.arange(4000) % 4
    axes = 3 * torch.eye(4)[labels] * (torch.randint(0, 2, (4000, 1), generator=noise) * 2.0 - 1)
    features = axes + 0.5 * torch.randn(4000, 4, generator=noise)
    halves = (features[:3000], labels[:3000], features[3000:], labels[3000:])
    assert probe_accuracy(*halves) > 0.9
    assert probe_accuracy(*halves) == probe_accuracy(*halves)
    assert linear_probe_accuracy(*halves) < 0.4


def test_a_reader_that_sees_the_images_own_digits_finds_no_swap_obeyed(plain_colours: Dataset) -> None:
    """The digit that is asked for is never the image's own."""
    own: list[int] = []

    class Deaf(Painted):
        def latents(self, z: Tensor, y: Tensor) -> Tensor:
            own.extend(y.tolist())
            return super().latents(z, y)

    order = torch.randperm(17, generator=torch.Generator().manual_seed(0))
    model = Deaf(leaky=False)
    report = evaluate(model, plain_colours.test.images, (), labels=plain_colours.test.labels, passes=2)
    own.clear()
    measure_disentanglement(model, plain_colours, read, report)
    assert not any(asked == digit for asked, digit in zip(own, plain_colours.test.labels[order].tolist(), strict=True))
    assert len(set(own)) > 5


def test_without_a_classifier_the_other_numbers_are_there(fake_svhn: Dataset) -> None:
    model = fsvae.FAMILY.fresh(FSVAEConfig(z=5, hidden=(11, 13)), seed=0)
    found = measured(model, fake_svhn, None).as_json()
    assert found["content_accuracy"] is found["content_accuracy_se"] is None
    assert all(value is not None and math.isfinite(value) for name, value in found.items() if "content" not in name)


def test_the_terms_have_their_errors_over_the_images(svhn_file: Path, fake_svhn: Dataset, svhn_folder: Path) -> None:
    """A Monte-Carlo error would be many times smaller: these images cost very different numbers of nats."""
    checkpoint = load_checkpoint(svhn_file)
    report = measure(checkpoint, ["svhn"], seed=3)["svhn"]
    found = measure_style(checkpoint, report=report)
    assert found is not None
    assert (found.nelbo, found.kl, found.rec) == (report.nelbo, report.kl, report.rec)
    each = {"nelbo": report.nelbo_each, **report.terms_each}
    for name in ("nelbo", "kl", "rec"):
        assert getattr(found, f"{name}_se") == pytest.approx(each[name].std().item() / math.sqrt(17))
    assert found.nelbo_se > 2 * report.nelbo_se
    model: Any = checkpoint.model
    with torch.inference_mode():
        x, y = fake_svhn.test.images.float() / 255, fake_svhn.test.labels
        squares = (model.given(y).reconstruct(x) - x).square().mean(1)
    assert found.squared_error == pytest.approx(squares.mean().item())
    assert found.squared_error_se == pytest.approx(squares.std().item() / math.sqrt(17), rel=1e-4)
    alone = measure_style(checkpoint, seed=3)
    assert alone is not None
    for name in ("nelbo", "nelbo_se", "squared_error", "squared_error_se"):
        assert getattr(alone, name) == getattr(found, name)


def test_the_probe_is_linear_and_ignores_the_scale_of_a_feature() -> None:
    noise = torch.Generator().manual_seed(0)
    digits = torch.arange(400) % 10
    features = torch.randn(400, 12, generator=noise)
    features[:, :10] += 3 * torch.eye(10)[digits]
    features[:, 3] *= 1e-3
    right = probe_accuracy(features[:300], digits[:300], features[300:], digits[300:])
    assert right > 0.8
    sign = torch.randint(0, 2, (400, 1), generator=noise) * 2.0 - 1
    flipped = features * sign  # each digit is now two clouds, one opposite the other: no line tells them apart
    assert linear_probe_accuracy(flipped[:300], digits[:300], flipped[300:], digits[300:]) < right - 0.3


def test_style_kept_is_the_mean_of_two_correlations() -> None:
    noise = torch.Generator().manual_seed(0)
    one = torch.rand(7, PIXELS, generator=noise)
    assert style_kept(one, one) == pytest.approx(1)
    assert style_kept(one, 1 - one) == pytest.approx(-1)
    assert style_kept(one, torch.full_like(one, 0.3)) == 0
    inner = one.view(7, 3, 4, 4).clone()
    inner[:, :, 1:3, 1:3] = torch.rand(7, 3, 2, 2, generator=noise)
    changed = inner.flatten(1)
    colours = [images.view(7, 3, 16).mean(2).flatten() for images in (one, changed)]
    expected = (1 + torch.corrcoef(torch.stack(colours))[0, 1].item()) / 2
    assert style_kept(one, changed) == pytest.approx(expected, abs=1e-6)
