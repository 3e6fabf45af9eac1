from pathlib import Path

import pytest
import torch

from training.data.datasets import Dataset, Images
from training.evaluation.digit_classifier import (
    classifier_accuracy,
    load_classifier,
    train_classifier,
    write_classifier,
)
from training.system.errors import Cancelled, UserError


@pytest.fixture
def bright_digits() -> Dataset:
    """Bright images of the digit 7, dark ones of the digit 3: a few steps are enough to read them."""
    labels = torch.tensor([3, 7]).repeat(65)
    images = (labels * 30).to(torch.uint8)[:, None].repeat(1, 3072)
    digits = Images(images, labels)
    return Dataset("svhn", lambda split: digits)


def test_it_learns_to_read_and_ships(bright_digits: Dataset, tmp_path: Path) -> None:
    fractions: list[float] = []
    model = train_classifier(bright_digits, epochs=12, on_progress=fractions.append)
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
    accuracy = classifier_accuracy(model, bright_digits.test)
    assert accuracy > 0.9
    write_classifier(model, accuracy, tmp_path / "reader.safetensors")
    shipped = load_classifier(tmp_path / "reader.safetensors")
    assert shipped.accuracy == pytest.approx(accuracy, abs=1e-4)
    x = bright_digits.test.images[:13].float() / 255
    torch.testing.assert_close(shipped.model(x), model(x), atol=0.05, rtol=0.05)
    assert (tmp_path / "reader.safetensors").stat().st_size < 2**20


def test_it_ends_when_asked_to(bright_digits: Dataset) -> None:
    with pytest.raises(Cancelled):
        train_classifier(bright_digits, should_stop=lambda: True)


def test_one_that_is_missing_or_damaged_is_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "reader.safetensors"
    with pytest.raises(UserError, match="python -m training train-reader"):
        load_classifier(file)
    for damaged in (b"", b"junk" * 9):
        file.write_bytes(damaged)
        with pytest.raises(UserError, match="cannot be read: remake it"):
            load_classifier(file)
