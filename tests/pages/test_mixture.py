"""The mixture prior: rows of components, their use after a guess, one digit's responsibilities."""

import re
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from pages.families.mixture_views import first_rows, used
from tests.image_files import read_image
from tests.pages.conftest import text_of
from training.checkpoints.reading import load_checkpoint
from training.data.datasets import Dataset
from training.pictures.grids import grid
from training.pictures.mixture import draw_components
from training.runs.config import TrainConfig
from training.runs.run_writer import RunWriter
from training.runs.worker import train_into
from training.system.folders import PRETRAINED


def opened(app: AppTest, **query: str) -> AppTest:
    for name, value in query.items():
        app.query_params[name] = value
    page = app.switch_page("pages/mixture.py").run()
    assert not page.exception
    return page


def test_it_opens_on_the_picture_that_ships_and_answers_a_guess(app: AppTest) -> None:
    page = opened(app)
    assert page.selectbox(key="mixture-checkpoint").options == ["shipped gmvae", "shipped vampprior"]
    assert any("Make your guess" in info.value for info in page.info)
    page.segmented_control(key="mixture-guess").set_value("fewer than 50").run()
    assert not page.exception
    counts = used(load_checkpoint(PRETRAINED / "gmvae"))
    assert counts.sum() == 10_000  # they ship with the model, whichever data are there
    assert f"{(counts > 0).sum():,} of 500" in text_of(page)


def test_components_of_an_own_model_are_counted_on_the_data_in_use(
    app: AppTest, runs_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = TrainConfig.from_preset("gmvae", data="mnist-sample", steps=1, model={"k": 3, "z": 4})
    train_into(RunWriter(runs_folder / "mine", config))
    page = opened(app, checkpoint="run mine", guess="more", rows="Least used")
    counts = used(load_checkpoint(runs_folder / "mine"))
    assert (len(counts), counts.sum()) == (3, 1000)
    assert f"{(counts > 0).sum()} of 3" in text_of(page)
    measure = page.button(key="measure-missing")  # its numbers, beside those of the shipped ones
    assert (measure.label, measure.disabled) == ("Measure run mine", False)
    assert {"run mine", "shipped gmvae", "shipped vae"} <= set(re.findall(r"(?:shipped|run) \w+", text_of(page)))


def test_another_seed_draws_the_same_components(app: AppTest) -> None:
    page = opened(app)
    found = [caption.value for caption in page.caption if caption.value.startswith("Components from the top")]
    page.number_input(key="mixture-seed").set_value(1).run()
    assert [caption.value for caption in page.caption if caption.value.startswith("Components from the top")] == found


def test_components_are_shown_by_number_and_wrong_numbers_are_one_sentence(app: AppTest) -> None:
    page = opened(app, rows="By number", components="500, 7", seed="3")
    assert not page.error
    for wrong in ("0", "501", "x", "1,2,3,4,5,6,7,8,9,10,11"):
        page.text_input(key="mixture-components").set_value(wrong).run()
        assert not page.exception
        assert [error.value for error in page.error] == [
            "Name 1 to 10 components by numbers from 1 to 500, such as 1, 2, 3."
        ]


def test_junk_opens_defaults(app: AppTest) -> None:
    page = opened(app, rows="<b>", components="<script>", seed="1e400", guess="NaN", asked="x", checkpoint="../../etc")
    assert (page.pills(key="mixture-rows").value, page.number_input(key="mixture-seed").value) == ("most", 0)
    assert page.segmented_control(key="mixture-asked").value == "held-out"
    assert page.text_input(key="mixture-components").value == "1, 2, 3"


@pytest.mark.parametrize("junk", ["0", "<script>", "1,2,3,4,5,6,7,8,9,10,11", "-1", "1e3"])
def test_junk_in_a_link_shows_the_default_components(app: AppTest, junk: str) -> None:
    page = opened(app, rows="By number", components=junk)
    assert not page.error
    assert page.text_input(key="mixture-components").value == "1, 2, 3"


def test_the_rows_that_ship_are_what_the_weights_draw(full_mnist: Dataset, tmp_path: Path) -> None:
    rows = first_rows("gmvae")
    assert rows is not None
    source = load_checkpoint(PRETRAINED / "gmvae")
    counts = used(source)
    assert rows.components == {component: counts[component] for component in rows.components}
    assert list(rows.components.values()) == sorted(counts, reverse=True)[:10]
    (tmp_path / "rows.png").write_bytes(rows.png)
    drawn = grid(draw_components(source.model, list(rows.components), 20))  # type: ignore[arg-type]
    difference = np.asarray(read_image(tmp_path / "rows.png")).astype(int) - np.asarray(drawn)
    assert np.abs(difference).max() <= 1
    assert rows.images == len(full_mnist.test)
