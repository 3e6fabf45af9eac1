import io
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from training.pictures.photos import read_photo
from training.system.errors import UserError

RED, BLUE = (220, 30, 40), (20, 60, 200)


def encoded(picture: Image.Image, kind: str = "png", **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def halves(width: int, height: int) -> Image.Image:
    """Red above, blue below."""
    picture = Image.new("RGB", (width, height), RED)
    picture.paste(BLUE, (0, height // 2, width, height))
    return picture


def colours_of(content: bytes, **options: float) -> tuple[list[float], list[float]]:
    """Mean colours of the top rows and of the bottom rows."""
    seen = read_photo(content, **options)
    assert seen.dtype == torch.uint8
    assert seen.shape == (3072,)
    rows = seen.view(3, 32, 32).float()
    return rows[:, :8].mean((1, 2)).tolist(), rows[:, -8:].mean((1, 2)).tolist()


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp", "gif", "bmp", "tiff"])
def test_every_format_is_read(kind: str) -> None:
    top, bottom = colours_of(encoded(halves(70, 50), kind))
    assert top == pytest.approx(RED, abs=12)
    assert bottom == pytest.approx(BLUE, abs=12)


@pytest.mark.parametrize("mode", ["CMYK", "RGBA", "P", "YCbCr"])
def test_every_kind_of_colour_is_read(mode: str) -> None:
    top, bottom = colours_of(encoded(halves(40, 64).convert(mode), "tiff" if mode in ("CMYK", "YCbCr") else "png"))
    assert top == pytest.approx(RED, abs=12)
    assert bottom == pytest.approx(BLUE, abs=12)


def test_sixteen_bits_are_scaled_and_not_cut_off() -> None:
    grey = np.linspace(0, 65535, 64).astype(np.uint16)[:, None].repeat(64, 1)
    seen = read_photo(encoded(Image.fromarray(grey))).view(3, 32, 32).float()
    assert float(seen[0, 0].mean()) < 8
    assert float(seen[2, -1].mean()) > 247
    assert torch.equal(seen[0], seen[1])


def test_what_is_transparent_is_grey() -> None:
    clear = Image.new("RGBA", (40, 40), (255, 0, 0, 0))
    assert read_photo(encoded(clear)).unique().tolist() == [128]


def test_the_first_frame_of_an_animation_is_taken() -> None:
    content = encoded(Image.new("RGB", (40, 40), RED), "gif", save_all=True, append_images=[Image.new("RGB", (40, 40))])
    assert colours_of(content)[0] == pytest.approx(RED, abs=6)


def test_it_is_turned_upright_by_its_own_note() -> None:
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    top, bottom = colours_of(encoded(halves(48, 48), "jpeg", exif=exif, quality=95))
    assert top == pytest.approx(BLUE, abs=12)
    assert bottom == pytest.approx(RED, abs=12)


def test_a_part_can_be_chosen() -> None:
    content = encoded(halves(90, 60))
    for down, colour in ((0, RED), (1, BLUE)):
        top, bottom = colours_of(content, zoom=2, down=down, across=1)
        assert top == pytest.approx(colour, abs=5)
        assert bottom == pytest.approx(colour, abs=5)


def test_fifty_megapixels_of_jpeg_are_read_and_of_png_refused() -> None:
    large = Image.new("L", (8000, 6250), 77)
    assert read_photo(encoded(large, "jpeg")).unique().tolist() == [77]
    with pytest.raises(UserError, match="50 megapixels: take one of at most 25"):
        read_photo(encoded(large, "png", compress_level=1))


@pytest.mark.parametrize("size", [(1, 1), (1, 500)])
def test_one_pixel_is_no_picture(size: tuple[int, int]) -> None:
    with pytest.raises(UserError, match="take one of at least 2 x 2"):
        read_photo(encoded(Image.new("RGB", size)))


def test_two_pixels_are() -> None:
    read_photo(encoded(halves(2, 2)), zoom=8)


@pytest.mark.parametrize("content", [b"", b"%PDF-1.4", b"GIF89a", b"\x89PNG\r\n\x1a\n" + b"x" * 99], ids=range(4))
def test_what_is_no_picture_is_one_sentence(content: bytes) -> None:
    with pytest.raises(UserError, match="cannot be read as a picture"):
        read_photo(content)


def test_too_many_bytes_are_refused_before_they_are_looked_at() -> None:
    with pytest.raises(UserError, match="30 MB: take a picture of at most 20 MB"):
        read_photo(b"x" * 30 * 2**20)


@settings(max_examples=60)
@given(
    st.sampled_from(["png", "jpeg", "webp", "gif", "tiff"]), st.integers(0, 10_000), st.integers(0, 255), st.booleans()
)
def test_a_damaged_file_is_read_or_one_sentence(kind: str, place: int, value: int, cut: bool) -> None:
    content = bytearray(encoded(halves(23, 17), kind))
    place %= len(content)
    content[place] = value
    with suppress(UserError):
        assert read_photo(bytes(content[:place] if cut else content)).shape == (3072,)
