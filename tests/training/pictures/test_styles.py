from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from training.checkpoints.reading import Checkpoint, load_checkpoint
from training.data.datasets import Dataset, Images
from training.pictures import grids as pictures
from training.pictures.style_bank import StyleBank, read_bank, write_bank
from training.pictures.styles import bank_of, conditional_model, find_styles, image_styles, prior_latents, swap
from training.system.errors import UserError


@pytest.fixture
def checkpoint(svhn_file: Path) -> Checkpoint:
    return load_checkpoint(svhn_file)


def test_swapping_draws_a_row_of_all_styles_for_each_digit(checkpoint: Checkpoint) -> None:
    model: Any = conditional_model(checkpoint)
    styles = torch.randn(3, 5, generator=torch.Generator().manual_seed(1))
    images = swap(model, styles)
    assert images.shape == (30, 3072)
    for digit, style in ((0, 0), (4, 2), (9, 1)):
        one_hot = torch.eye(10)[digit]
        expected = model.decode(styles[style], one_hot).clamp(0, 1)
        torch.testing.assert_close(images[digit * 3 + style], expected)


def test_prior_samples_fill_rows_of_one_digit_and_columns_of_one_style(checkpoint: Checkpoint) -> None:
    model = conditional_model(checkpoint)
    latents = prior_latents(model, 223, generator=torch.Generator().manual_seed(3))
    assert latents.shape == (223, 15)
    assert latents[:, 5:].argmax(1).tolist() == [*[row for row in range(10) for _ in range(20)], *[0] * 20, 1, 1, 1]
    block = latents[:200, :5].view(10, 20, 5)
    assert torch.equal(block, block[:1].expand(10, 20, 5))
    assert len(block[0].unique(dim=0)) == 20
    assert torch.equal(latents[200:203, :5], latents[220:, :5])
    assert not torch.equal(latents[200:203, :5], latents[:3, :5])
    fewer = prior_latents(model, 31, generator=torch.Generator().manual_seed(3))
    assert torch.equal(fewer, latents[:31])


def test_samples_are_the_swaps_of_the_priors_styles(checkpoint: Checkpoint) -> None:
    model = checkpoint.model
    drawn = pictures.draw_samples(model, seed=3)
    assert drawn.shape == (200, 32, 32, 3)
    swapped = swap(conditional_model(checkpoint), find_styles(checkpoint, "prior", seed=3).z)
    assert (drawn == pictures.to_uint8(swapped)).all()
    with pytest.raises(UserError, match="pixels are colours"):
        pictures.draw_samples(model, kind="binary")


def test_an_images_style_is_the_encoders_mean_under_its_own_digit(
    checkpoint: Checkpoint, fake_svhn: Dataset, svhn_folder: Path
) -> None:
    model: Any = conditional_model(checkpoint)
    test = fake_svhn.test
    styles, digits, indices = find_styles(checkpoint, "16, 3,3")
    images = torch.cat([test.images[[16, 3, 3]] / 255, torch.eye(10)[[6, 3, 3]]], 1)
    torch.testing.assert_close(styles, model.infer(images[:, :3072], images[:, 3072:])[:, :5])
    assert digits is not None
    assert digits.tolist() == [6, 3, 3]
    assert indices is not None
    assert indices.tolist() == [16, 3, 3]


@pytest.mark.parametrize("asked", ["", "x", "1,x", "-1", "1.5", ",", "1,,2", "9" * 30, ",".join(["1"] * 1001)], ids=str)
def test_styles_that_there_are_not_are_one_sentence(checkpoint: Checkpoint, svhn_folder: Path, asked: str) -> None:
    with pytest.raises(UserError, match="Styles are prior, bank, or up to 1,000 numbers of SVHN test images"):
        find_styles(checkpoint, asked)


def test_an_image_that_is_not_there_is_named(checkpoint: Checkpoint, svhn_folder: Path) -> None:
    with pytest.raises(UserError, match="numbered 0 to 16: 17 is not there"):
        find_styles(checkpoint, "0,17")


def test_without_svhn_images_cannot_be_chosen_but_the_prior_can(checkpoint: Checkpoint) -> None:
    assert find_styles(checkpoint, "prior").z.shape == (20, 5)
    with pytest.raises(UserError, match="python -m training download svhn"):
        find_styles(checkpoint, "3")


def test_a_model_without_the_digit_as_an_input_cannot_swap(digit_file: Path) -> None:
    with pytest.raises(UserError, match="digits is a VAE, which does not take the digit as an input: choose an FSVAE"):
        find_styles(load_checkpoint(digit_file), "prior")


def test_images_of_another_size_are_refused(checkpoint: Checkpoint) -> None:
    digits = Images(torch.zeros(2, 48, dtype=torch.uint8), torch.tensor([3, 1]))
    with pytest.raises(UserError, match="made for images of 3072 colour values and these have 48"):
        image_styles(conditional_model(checkpoint), digits)


class TestBank:
    @pytest.fixture
    def bank(self) -> StyleBank:
        styles = torch.randn(31, 5, generator=torch.Generator().manual_seed(2))
        return StyleBank(styles, torch.arange(31) * 7, torch.arange(31) % 10, torch.arange(5.0))

    def test_it_is_read_as_it_was_written_and_twenty_styles_are_taken(
        self, checkpoint: Checkpoint, bank: StyleBank
    ) -> None:
        write_bank(checkpoint.file.parent, bank, checkpoint.sha256)
        read = read_bank(checkpoint)
        assert all(torch.equal(value, vars(bank)[name]) for name, value in vars(read).items())
        taken, digits, indices = find_styles(checkpoint, "bank", seed=4)
        assert digits is not None
        assert indices is not None
        assert len(taken.unique(dim=0)) == 20
        assert torch.equal(taken, bank.styles[indices // 7])
        assert torch.equal(digits, bank.digits[indices // 7])
        assert torch.equal(find_styles(checkpoint, "bank", seed=4).z, taken)
        assert not torch.equal(find_styles(checkpoint, "bank", seed=5).z, taken)

    def test_weights_without_one_get_theirs_from_the_test_images(
        self, checkpoint: Checkpoint, fake_svhn: Dataset, svhn_folder: Path
    ) -> None:
        bank = bank_of(checkpoint)
        assert bank.sound
        assert bank.indices.tolist() == [place for digit in range(10) for place in (digit, digit + 10) if place < 17]
        test, model = fake_svhn.test, conditional_model(checkpoint)
        assert torch.equal(bank.digits, test.labels[bank.indices])
        torch.testing.assert_close(bank.styles[[2]], image_styles(model, Images(test.images[[1]], test.labels[[1]])))
        terms = model.given(bank.digits).elbo_terms(test.images[bank.indices] / 255)
        torch.testing.assert_close(bank.kl.sum(), terms.kl.mean())

    def test_one_that_is_missing_damaged_or_another_models_is_one_sentence(
        self, checkpoint: Checkpoint, bank: StyleBank
    ) -> None:
        folder = checkpoint.file.parent
        with pytest.raises(UserError, match="has no style bank"):
            read_bank(checkpoint)
        write_bank(folder, bank, "0" * 64)
        with pytest.raises(UserError, match="style bank of other weights"):
            read_bank(checkpoint)
        for name, value in (("digits", bank.digits[:7]), ("kl", bank.kl[:3]), ("styles", bank.styles * torch.nan)):
            write_bank(folder, replace(bank, **{name: value}), checkpoint.sha256)
            with pytest.raises(UserError, match="style bank of other weights"):
                read_bank(checkpoint)
        file = folder / "styles.safetensors"
        for damaged in (file.read_bytes()[:-3], b"", b"junk" * 9):
            file.write_bytes(damaged)
            with pytest.raises(UserError, match="cannot be read as a style bank"):
                read_bank(checkpoint)
