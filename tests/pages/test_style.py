"""Style and content: the swap matrix from every source of styles, blends, dimensions, the scores after a guess."""

import io
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from pages.families import style_scores, style_traversals
from pages.families.style_traversals import bank, name_of
from pages.families.swap_matrix import LONGEST_NUMBERS, MOST_NUMBERS, _named, image_numbers, matrix
from tests.pages.conftest import pictures_of, text_of
from tests.patience import PATIENCE, until
from training.checkpoints.reading import Checkpoint, load_checkpoint
from training.data.datasets import Dataset
from training.data.registry import data_set
from training.pictures import grids as pictures
from training.pictures.styles import conditional_model, find_styles, swap
from training.release.cards import read_card
from training.runs.config import TrainConfig
from training.runs.run_writer import RunWriter
from training.runs.worker import train_into
from training.system.folders import PRETRAINED, PROJECT


@pytest.fixture
def source(runs_folder: Path, svhn_folder: Path) -> Checkpoint:
    """A run of a narrow FSVAE, on SVHN files of random colours."""
    model = {"z": 5, "hidden": (11, 13)}
    config = TrainConfig.from_preset("fsvae", model=model, steps=2, batch_size=7, device="cpu")
    assert train_into(RunWriter(runs_folder / "mine", config)).state == "finished"
    return load_checkpoint(runs_folder / "mine")


def opened(app: AppTest, **query: str) -> AppTest:
    for name, value in query.items():
        app.query_params[name] = value
    page = app.switch_page("pages/style.py").run()
    assert not page.exception
    return page


def tiles_of(png: bytes) -> np.ndarray:
    """(rows, columns, 32, 32, 3)."""
    picture = np.asarray(Image.open(io.BytesIO(png)))
    return picture.reshape(picture.shape[0] // 32, 32, -1, 32, 3).swapaxes(1, 2)


def test_the_matrix_shows_images_reconstructions_and_ten_digits(source: Checkpoint, fake_svhn: Dataset) -> None:
    shown = matrix(source, "16, 3", 0)
    tiles = tiles_of(shown.png())
    assert (shown.styles, shown.with_images, tiles.shape[:2]) == (2, True, (12, 2))
    image = fake_svhn.test.images[3].view(3, 32, 32).permute(1, 2, 0).numpy()
    assert np.array_equal(tiles[0, 1], image)
    swapped = pictures.to_uint8(swap(conditional_model(source), find_styles(source, "16, 3").z))
    assert np.array_equal(tiles[2:].reshape(20, 32, 32, 3), swapped)
    assert np.array_equal(tiles[1, 0], tiles[2 + 6, 0])  # the image of a 6, reconstructed, is its swap to a 6


def test_from_the_prior_there_are_no_images(source: Checkpoint) -> None:
    shown = matrix(source, "prior", 3)
    assert (shown.styles, shown.with_images, tiles_of(shown.png()).shape[:2]) == (20, False, (10, 20))
    assert shown.sources == ()


def test_without_svhn_styles_of_test_images_have_their_reconstructions_above(no_mnist: Path) -> None:
    source = load_checkpoint(PRETRAINED / "fsvae")
    shown, found = matrix(source, "bank", 7), find_styles(source, "bank", seed=7)
    tiles = tiles_of(shown.png())
    assert (shown.with_images, tiles.shape[:2]) == (False, (11, 20))
    assert found.digits is not None
    assert found.indices is not None
    assert shown.sources == tuple(zip(found.digits.tolist(), found.indices.tolist(), strict=True))
    for column, digit in enumerate(found.digits.tolist()):
        assert np.array_equal(tiles[0, column], tiles[1 + digit, column])
    assert not np.array_equal(tiles[1], tiles[2])


def test_the_columns_are_named_by_the_images_of_their_styles(app: AppTest, source: Checkpoint) -> None:
    page = opened(app, checkpoint="run mine", styles="By number", numbers="16,3")
    named = "of test images (in brackets: the digit) 16 (6), 3 (3)"
    (alt,) = (alt for alt, _ in pictures_of(page) if "drawn by run mine" in alt)
    assert f"2 columns, one for each style, {named}, and a row" in alt
    assert alt.endswith("below the source images and their reconstructions")
    assert f"Columns: one style z each, {named}." in text_of(page)
    page.text_input(key="style-numbers").set_value("3").run()
    (alt,) = (alt for alt, _ in pictures_of(page) if "drawn by run mine" in alt)
    assert "1 column, one for each style, of test image (in brackets: the digit) 3 (3)," in alt


def test_without_svhn_it_says_that_the_images_are_missing(app: AppTest) -> None:
    page = opened(app, styles="Test images", seed="7")
    (alt,) = (alt for alt, _ in pictures_of(page) if "drawn by shipped fsvae-conv" in alt)
    assert alt.endswith("below plain reconstructions of the source images, which are not on this server")
    assert "the images themselves are not on this server" in text_of(page)
    assert alt.count(" (") == 21


def test_of_many_columns_the_first_twenty_are_named() -> None:
    assert _named(tuple((3, place) for place in range(23))).endswith(" 19 (3) and 3 more")


def test_every_source_opens_and_images_are_blended(app: AppTest, source: Checkpoint) -> None:
    page = opened(app, checkpoint="run mine", seed="5")
    assert not page.error
    held = bank(source)
    assert held is not None
    assert page.selectbox(key="style-a").options[0] == name_of(held, 0)
    for kind in ("bank", "numbers", "photo"):
        page.pills(key="style-styles").set_value(kind).run()
        assert not page.exception
        errors = [error.value for error in page.error]
        assert errors == (["SVHN test images are numbered 0 to 16: 92 is not there."] if kind == "numbers" else [])
    page.pills(key="style-styles").set_value("numbers").run()
    page.text_input(key="style-numbers").set_value("3, 14").run()
    assert not page.error
    page.slider(key="style-blend-0").set_value(25).run()
    page.segmented_control(key="style-under").set_value(8).run()
    assert not page.exception


@pytest.mark.parametrize("text", ["", " , ", "prior", "bank", "3, x", "-1", "1.5", "9" * 30], ids=str)
def test_a_box_without_numbers_is_answered_in_its_own_words(app: AppTest, source: Checkpoint, text: str) -> None:
    page = opened(app, checkpoint="run mine", styles="By number", numbers="3")
    assert not page.error
    page.text_input(key="style-numbers").set_value(text).run()
    wanted = "Write numbers of SVHN test images into the box, from 0 to 26,031, with commas between them: 3, 14, 15."
    assert [error.value for error in page.error] == [wanted]
    assert not any("drawn by run mine" in alt for alt, _ in pictures_of(page))


def test_a_long_link_is_drawn_whole_or_refused(app: AppTest, source: Checkpoint) -> None:
    page = opened(app, checkpoint="run mine", styles="By number", numbers=", ".join(["16"] * 150))
    assert not page.error
    assert any("150 columns" in alt for alt, _ in pictures_of(page))
    page.text_input(key="style-numbers").set_value("16," * 201).run()
    assert [error.value for error in page.error] == ["There are 201 numbers in the box: take up to 200."]


def test_numbers_may_have_spaces_or_a_comma_at_the_end() -> None:
    assert image_numbers(" 3 14,15,\t0, ", data_set("svhn")) == "3,14,15,0"
    assert len(", ".join(["26031"] * MOST_NUMBERS)) < LONGEST_NUMBERS


def test_the_seed_stays_while_styles_come_from_elsewhere(app: AppTest, source: Checkpoint) -> None:
    page = opened(app, checkpoint="run mine", seed="5")
    first = pictures_of(page)[0]
    for kind in ("numbers", "photo"):
        page.pills(key="style-styles").set_value(kind).run()
        assert (page.number_input(key="style-seed").value, page.number_input(key="style-seed").disabled) == (5, True)
    page.pills(key="style-styles").set_value("prior").run()
    assert not page.number_input(key="style-seed").disabled
    assert pictures_of(page)[0] == first


def test_the_part_of_a_picture_is_in_the_address_and_junk_falls_to_the_defaults(app: AppTest) -> None:
    link = {"styles": "Your picture", "zoom": "2.5", "across": "10", "down": "90", "shows": "7"}
    assert parts(opened(app, **link)) == (2.5, 10, 90)
    for zoom, across, down in (("<b>", "x", "1e400"), ("99", "-3", "101"), ("nan", "1.5.", "")):
        app = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=PATIENCE)
        assert parts(opened(app, **(link | {"zoom": zoom, "across": across, "down": down}))) == (1.0, 50, 50)


def parts(page: AppTest) -> tuple[Any, ...]:
    return tuple(page.slider(key=f"style-{key}").value for key in ("zoom", "across", "down"))


def test_a_picture_is_reconstructed_and_under_ten_digits(app: AppTest) -> None:
    page = opened(app, checkpoint="shipped fsvae", styles="Your picture", shows="7", zoom="2")
    assert "Upload a picture" in text_of(page)
    content = io.BytesIO()
    Image.new("RGB", (64, 48), (220, 30, 40)).save(content, "png")
    page.file_uploader(key="photo").upload("door.png", content.getvalue(), "image/png").run()
    assert not page.error
    drawn = {alt: Image.open(io.BytesIO(pixels)) for alt, pixels in pictures_of(page)}
    assert drawn["Your picture, door.png"].size == drawn["Your picture, reconstructed as 7"].size == (32, 32)
    assert np.allclose(np.asarray(drawn["Your picture, door.png"])[16, 16], (220, 30, 40), atol=4)
    bodies = "".join(str(part.proto.body) for part in page.get("html"))
    assert 'alt="The style of your picture under every digit from 0 to 9"' in bodies
    page.file_uploader(key="photo").upload("door.png", b"no picture", "image/png").run()
    assert [error.value for error in page.error] == [
        "This file cannot be read as a picture: take a PNG, a JPEG or a WebP."
    ]


def test_one_picture_chosen_twice_is_named(app: AppTest) -> None:
    page = opened(app, checkpoint="shipped fsvae")
    assert "the same one" not in text_of(page)
    page.selectbox(key="style-b").set_value(page.selectbox(key="style-a").value).run()
    assert "Pictures A and B are the same one: choose another" in text_of(page)


def test_scores_are_measured_after_a_guess(app: AppTest, source: Checkpoint) -> None:
    page = opened(app, checkpoint="run mine")
    assert not page.metric
    page.segmented_control(key="style-guess").set_value("under 50").run()
    page.button(key="measure-scores").click().run()
    assert not page.exception
    until(lambda: bool(page.run().metric))
    labels = [re.sub(r":color.*} ", "", tile.label) for tile in page.metric]
    assert labels[:3] == ["Content accuracy", "Style leak", "Style kept"]
    assert labels[3:] == ["NELBO", "KL", "Reconstruction", "Squared error"]
    assert all(tile.delta.startswith("± ") for tile in page.metric)


def test_a_shipped_models_scores_stand_with_their_errors_beside_the_other_models(app: AppTest) -> None:
    page = opened(app, checkpoint="shipped fsvae", guess="over 90")
    found: Any = read_card(PRETRAINED / "fsvae").disentanglement
    tiles = [(tile.value, tile.delta) for tile in page.metric]
    assert tiles[3] == (f"\u2212{-found['nelbo']:.2f} nats", f"± {found['nelbo_se']:.2f}")
    assert tiles[6] == (f"{found['squared_error']:.5f}", f"± {found['squared_error_se']:.5f}")
    (table,) = (part.value for part in page.markdown if "| size of z | 32 | 10 | 32 |" in part.value)
    rows = {row.split(" | ")[0]: row for row in table.replace("\u00a0", " ").splitlines()}
    assert len(rows) == 18
    assert rows["| training steps"] == "| training steps | 38,000 | 75,000 | 8,000 |"
    assert f" | {found['kl']:.2f} ± {found['kl_se']:.2f} nats |" in rows["| :color[■]{foreground='#c96a00'} KL"]
    counts = {head.split("} ")[1]: row.count("±") for head, row in rows.items() if "■" in head}
    without_errors = {"The classifier on real images": 0, "Chance": 0, "Style leak": 2}  # of the third nobody has z
    assert counts == dict.fromkeys(counts, 3) | without_errors
    assert rows["| variance of $p(x\\mid z, y)$"].endswith("| 0.05 | 0.1 | 0.05 |")
    assert "1,065 nats" in text_of(page)
    assert f"Chance: **{found['chance']:.1%}**" in text_of(page)
    assert "Style leak, linear probe: **" in text_of(page)
    assert f"The classifier on real images: **{found['content_ceiling']:.1%}**" in text_of(page)


def test_a_card_without_errors_of_the_terms_shows_the_terms(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    card = read_card(PRETRAINED / "fsvae")
    assert card.disentanglement is not None
    older = {name: value for name, value in card.disentanglement.items() if "style" in name or "content" in name}
    monkeypatch.setattr(style_scores, "read_card", lambda folder: replace(card, disentanglement=older))
    page = opened(app, checkpoint="shipped fsvae", guess="over 90")
    assert (page.metric[4].value, page.metric[4].delta) == (f"{card.sets['svhn'].kl:.2f} nats", "")


def test_an_error_is_never_shown_as_nothing() -> None:
    share, bits = style_scores.SCORES["content_accuracy"], style_scores.SCORES["squared_error"]
    assert (share.error(0.0123), share.error(0.0004), share.error(0)) == ("± 1.2%", "± <0.1%", "± <0.1%")
    assert (bits.error(0.00002), bits.error(0.000002)) == ("± 0.00002", "± <0.00001")


def rows_of_dimensions(page: AppTest) -> list[tuple[str, bool]]:
    """The name of each dimension that is drawn, and whether it is marked as collapsed."""
    bodies = "".join(str(part.proto.body) for part in page.get("html"))
    rows = re.findall(r'"label">(z\d+) <br>[^<]*<[^>]*>([^<]*)</span></div>\s*<img( class="idle")?', bodies)
    assert all(("collapsed" in note) == bool(idle) for _, note, idle in rows)
    return [(name, bool(idle)) for name, _, idle in rows]


def test_every_dimension_can_be_shown_and_collapsed_ones_are_marked(
    app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = bank(load_checkpoint(PRETRAINED / "fsvae-conv"))
    assert held is not None
    spread = held.styles.var(0)
    monkeypatch.setattr(style_traversals, "COLLAPSED", float(spread.sort().values[3]))
    idle = {f"z{place}" for place in range(32) if spread[place] < style_traversals.COLLAPSED}
    page = opened(app)
    first = rows_of_dimensions(page)
    assert len(first) == 12
    assert "Not shown: the 20 dimensions of lowest KL" in text_of(page)
    page.toggle(key="style-every-dimension").set_value(True).run()
    rows = rows_of_dimensions(page)
    assert rows[:12] == first
    assert [name for name, _ in rows] == [f"z{place}" for place in held.kl.argsort(descending=True).tolist()]
    assert {name for name, marked in rows if marked} == idle
    assert len(idle) == 3
    assert "Not shown" not in text_of(page)
    again = opened(AppTest.from_file(str(PROJECT / "app.py"), default_timeout=PATIENCE), **{"every-dimension": "true"})
    assert rows_of_dimensions(again) == rows


def test_a_small_style_has_no_switch_for_its_dimensions(app: AppTest) -> None:
    page = opened(app, checkpoint="shipped fsvae")
    assert not [toggle for toggle in page.toggle if str(toggle.key).startswith("style-")]
    assert len(rows_of_dimensions(page)) == 10
    assert "None has collapsed." in text_of(page)


def test_without_a_model_it_says_what_to_do(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pages.choose.pickers.pretrained_names", list)
    assert "train one first" in text_of(opened(app))


def test_the_shipped_model_opens_without_data_and_junk_at_defaults(app: AppTest) -> None:
    page = opened(app, styles="<b>", seed="1e400")
    assert not page.error
    assert page.pills(key="style-styles").value == "prior"
    assert page.number_input(key="style-seed").value == 0
    page.pills(key="style-styles").set_value("bank").run()
    assert not page.exception
    assert not page.error
