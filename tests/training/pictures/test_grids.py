import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from training.checkpoints.reading import load_checkpoint
from training.pictures.grids import draw_samples, grid, moving_samples, png_bytes, to_uint8


@pytest.fixture
def model(small_file: Path) -> Any:
    return load_checkpoint(small_file).model


def test_pixels_become_grey_values_clipped_and_rounded() -> None:
    pixels = torch.tensor([[-0.5, 0.0, 0.5, 2.0], [1.0, 0.25, 0.1, 0.998]])
    images = to_uint8(pixels)
    assert images.dtype == np.uint8
    assert images.tolist() == [[[0, 0], [128, 255]], [[255, 64], [26, 254]]]


def test_a_grid_lays_tiles_row_by_row_without_padding() -> None:
    tiles = np.arange(5, dtype=np.uint8)[:, None, None] * np.ones((1, 4, 6), np.uint8) + 10
    picture = np.asarray(grid(tiles, columns=3))
    assert picture.shape == (8, 18)
    assert picture[::4, ::6].tolist() == [[10, 11, 12], [13, 14, 0]]
    assert (picture[4:, 6:12] == 14).all()


def test_colours_are_laid_channel_by_channel_and_keep_their_places() -> None:
    pixels = torch.zeros(3, 12)
    pixels[1, 0], pixels[1, 5], pixels[2, 11] = 1, 0.5, 0.2  # red above left, green above right, blue below right
    images = to_uint8(pixels)
    assert images.shape == (3, 2, 2, 3)
    assert images[1].tolist() == [[[255, 0, 0], [0, 128, 0]], [[0, 0, 0], [0, 0, 0]]]
    assert images[2, 1, 1].tolist() == [0, 0, 51]
    picture = grid(images, columns=2)
    assert (picture.size, picture.mode) == ((4, 4), "RGB")
    assert picture.getpixel((2, 0)) == (255, 0, 0)
    assert picture.getpixel((1, 3)) == (0, 0, 51)


def test_200_digits_make_560_by_280_pixels() -> None:
    assert grid(np.zeros((200, 28, 28), np.uint8)).size == (560, 280)


def test_a_sample_does_not_depend_on_how_many_are_drawn(model: Any) -> None:
    few, many = draw_samples(model, 3, seed=5), draw_samples(model, 7, seed=5)
    assert many.shape == (7, 4, 4)
    assert np.array_equal(many[:3], few)
    assert not np.array_equal(draw_samples(model, 3, seed=6), few)


def test_means_are_the_decoders_at_the_priors_latents(model: Any) -> None:
    noise = torch.Generator().manual_seed(5)
    z = torch.stack([torch.randn(5, generator=noise) for _ in range(3)])
    expected = (model.dec(z).sigmoid() * 255).round().reshape(3, 4, 4)
    assert np.array_equal(draw_samples(model, 3, seed=5), expected.numpy().astype(np.uint8))


def test_binary_samples_are_drawn_from_the_means(model: Any) -> None:
    images = draw_samples(model, 997, seed=5, kind="binary")
    means = draw_samples(model, 997, seed=5)
    assert np.unique(images).tolist() == [0, 255]
    assert images.mean() == pytest.approx(means.mean(), abs=3)


def test_temperature_zero_shows_the_priors_mean_alone(model: Any) -> None:
    cold = draw_samples(model, 3, temperature=0)
    assert (cold == cold[0]).all()
    assert not (draw_samples(model, 3) == cold).all()


def test_a_png_carries_what_it_shows() -> None:
    picture = grid(np.arange(7 * 16, dtype=np.uint8).reshape(7, 4, 4), columns=3)
    read = Image.open(io.BytesIO(png_bytes(picture, seed=5, kind="means")))
    assert read.format == "PNG"
    assert np.array_equal(np.asarray(read), np.asarray(picture))
    assert read.info == {"seed": "5", "kind": "means"}


def test_the_moving_picture_is_an_endless_loop_of_the_right_size(model: Any) -> None:
    picture = Image.open(io.BytesIO(moving_samples(model, 21, frames=6)))
    assert picture.format == "WEBP"
    assert (picture.size, picture.n_frames, picture.info["loop"]) == ((80, 8), 6, 0)  # type: ignore[attr-defined]


def test_the_moving_picture_starts_with_the_still_one(digit_file: Path) -> None:
    model = load_checkpoint(digit_file).model
    first = np.asarray(Image.open(io.BytesIO(moving_samples(model, 20, frames=3))).convert("L")).astype(int)
    still = np.asarray(grid(draw_samples(model, 20))).astype(int)
    assert np.abs(first - still).mean() < 12
