"""Digits by styles: the picture of a conditional model, in which each column keeps its style and each row its digit."""

from typing import NamedTuple

import torch
from torch import Tensor

from models.contract import Conditional, role
from models.family import with_article
from models.registry import FAMILIES
from training.checkpoints.reading import Checkpoint
from training.data.datasets import Images, load_dataset
from training.data.registry import whole
from training.pictures.style_bank import BANK, StyleBank, read_bank
from training.system.errors import UserError

__all__ = [
    "DIGITS",
    "STYLES",
    "Styles",
    "bank_of",
    "conditional_model",
    "find_styles",
    "image_styles",
    "make_bank",
    "prior_latents",
    "swap",
]

DIGITS = 10
STYLES = 20
MOST_STYLES = 1000
AT_ONCE = 500
BANKED_PER_DIGIT = 30


def conditional_model(checkpoint: Checkpoint) -> Conditional:
    """The model of a checkpoint that takes the digit as an input.

    Raises:
        UserError: it is of another kind.
    """
    model = role(checkpoint.model, Conditional)
    if model is None:
        able = next(family for family in FAMILIES.values() if family.plays(Conditional))
        raise UserError(
            f"{checkpoint.name} is {with_article(checkpoint.family.title)}, which does not take the digit "
            f"as an input: choose {with_article(able.title)}."
        )
    return model


class Styles(NamedTuple):
    """Some styles, and where they come from.

    Attributes:
        z: (n, z).
        digits, indices: of the test images whose styles they are, int64 (n,); None for draws from the prior.
    """

    z: Tensor
    digits: Tensor | None = None
    indices: Tensor | None = None


def find_styles(checkpoint: Checkpoint, asked: str, *, seed: int = 0, model: Conditional | None = None) -> Styles:
    """The styles that somebody asked for.

    Arguments:
        asked: "prior", 20 styles from the prior; "bank", 20 of the checkpoint's style bank, see `bank_of`; or indices
            of its data set's test images in file order, such as "3,14,15", each image's style under its own digit.
        seed: of the prior's styles, and of the choice from the bank.
        model: the checkpoint's, where it is built already.

    Raises:
        UserError: no such choice, a model that does not take the digit, or a bank or data that are missing.
    """
    model, noise = model or conditional_model(checkpoint), torch.Generator().manual_seed(seed)
    if asked == "prior":
        return Styles(_prior_styles(model, STYLES, generator=noise))
    if asked == "bank":
        bank = bank_of(checkpoint)
        some = torch.randperm(len(bank.styles), generator=noise)[:STYLES]
        return Styles(bank.styles[some], bank.digits[some], bank.indices[some])
    source = whole(checkpoint.data)
    words = [word.strip() for word in asked.split(",")]
    if not all(word.isdecimal() and len(word) < 10 for word in words) or len(words) > MOST_STYLES:
        raise UserError(
            f"Styles are prior, bank, or up to {MOST_STYLES:,} numbers of {source.title} test images such as 3,14,15, "
            f"and not {asked[:60]!r}."
        )
    test = load_dataset(source.name).test
    chosen = torch.tensor([int(word) for word in words])
    if int(chosen.max()) >= len(test):
        raise UserError(
            f"{source.title} test images are numbered 0 to {len(test) - 1:,}: {int(chosen.max())} is not there."
        )
    digits = test.labels[chosen]
    return Styles(image_styles(model, Images(test.images[chosen], digits)), digits, chosen)


def bank_of(checkpoint: Checkpoint) -> StyleBank:
    """The style bank that ships beside a checkpoint's weights, else one made from its data set.

    Raises:
        UserError: neither is there, or the model does not take the digit.
    """
    source = whole(checkpoint.data)
    if not (checkpoint.file.parent / BANK).exists() and source.on_disk():
        return make_bank(conditional_model(checkpoint), load_dataset(source.name).test)
    return read_bank(checkpoint)


@torch.inference_mode()
def make_bank(model: Conditional, test: Images) -> StyleBank:
    """Styles of the first 30 test images of every digit, digit by digit, in file order.

    Raises:
        UserError: the images have another size than the model's.
    """
    members = [torch.nonzero(test.labels == digit).squeeze(1)[:BANKED_PER_DIGIT] for digit in range(DIGITS)]
    indices = torch.cat(members)
    some = Images(test.images[indices], test.labels[indices])
    styles = image_styles(model, some)
    kl = model.given(some.labels).kl_per_dimension(some.images.float() / 255).mean(0)
    return StyleBank(styles, indices, some.labels, kl)


@torch.inference_mode()
def image_styles(model: Conditional, digits: Images) -> Tensor:
    """The style of each image under its own digit: the mean of q(z|x, y), float32 (n, z).

    Raises:
        UserError: the images have another size than the model's.
    """
    if digits.images.shape[1] != model.config.pixels:
        raise UserError(
            f"This model was made for images of {model.config.pixels} colour values and these have "
            f"{digits.images.shape[1]}."
        )
    blocks = zip(digits.images.split(AT_ONCE), digits.labels.split(AT_ONCE), strict=True)
    return torch.cat([model.given(labels).posterior(images.float() / 255).mean for images, labels in blocks])


@torch.inference_mode()
def swap(model: Conditional, styles: Tensor) -> Tensor:
    """Every digit in every style: styles (n, z) -> mean images (10 * n, pixels) in 0..1, a row of n for each digit."""
    return torch.cat([model.decode_mean(model.latents(styles, torch.full((len(styles),), y))) for y in range(DIGITS)])


def prior_latents(
    model: Conditional, count: int, *, temperature: float = 1.0, generator: torch.Generator | None = None
) -> Tensor:
    """Latents of `count` images (count, z + y) that make a picture of 20 columns: 20 prior styles in all ten digits.

    After ten rows the next 20 styles follow; image i is the same for every count above i.
    """
    every = DIGITS * STYLES
    place = torch.arange(count)
    column = place // every * STYLES + place % STYLES
    styles = _prior_styles(model, -(-count // every) * STYLES, temperature=temperature, generator=generator)
    return model.latents(styles[column.to(styles.device)], (place % every // STYLES).to(styles.device))


def _prior_styles(
    model: Conditional, count: int, *, temperature: float = 1.0, generator: torch.Generator | None = None
) -> Tensor:
    """Styles (count, z), drawn one by one: style i is the same for every count above i."""
    drawn = [model.sample_style(1, temperature=temperature, generator=generator) for _ in range(count)]
    return torch.cat(drawn)
