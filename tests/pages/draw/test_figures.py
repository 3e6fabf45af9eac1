import io

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from tests.pages.conftest import pictures_of
from training.pictures import grids as pictures


def shown(png: bytes | Image.Image, alt: str) -> AppTest:
    def page(png: bytes, alt: str) -> None:
        from pages.draw import figures

        figures.picture(png, alt=alt, key="tested", caption="Five by three")

    app = AppTest.from_function(page, kwargs={"png": png, "alt": alt}).run()
    assert not app.exception
    return app


@pytest.mark.parametrize(
    "alt", ["200 digits, seed 7", r"[link](https://evil) $x^2$ :red[a] **b** _c_ `d` \e <b>f</b> ![g](h) 1.0", "a\nb"]
)
def test_a_picture_carries_its_pixels_and_its_text_word_for_word(alt: str) -> None:
    png = pictures.png_bytes(Image.fromarray(np.arange(15, dtype=np.uint8).reshape(3, 5) * 17))
    app = shown(png, alt)
    assert pictures_of(app) == [(alt.replace("\n", " "), png)]
    assert 'viewBox="0 0 5 3"'.replace('"', "%22").replace(" ", "%20") in app.markdown[0].value
    assert app.caption[0].value == "Five by three"


@pytest.mark.parametrize("encoded", [True, False])
def test_colours_come_lighter_and_look_the_same(encoded: bool) -> None:
    smooth = np.stack([np.add.outer(np.arange(32) * a, np.arange(64) * b) for a, b in ((1, 2), (3, 1), (2, 2))], -1)
    image = Image.fromarray(smooth.astype(np.uint8))
    [(_, content)] = pictures_of(shown(pictures.png_bytes(image) if encoded else image, "colours"))
    with Image.open(io.BytesIO(content)) as light:
        assert (light.format, light.size) == ("JPEG", (64, 32))
        assert np.abs(np.asarray(light).astype(int) - smooth).max() <= 6
