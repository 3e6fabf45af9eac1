import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from pages.common import services
from training import pictures
from training.checkpoints import load_checkpoint
from training.config import TrainConfig
from training.folders import PRETRAINED
from training.runs import RunWriter
from training.trainer import train_into


@pytest.fixture
def page(app: AppTest) -> AppTest:
    return app.switch_page("pages/samples.py").run()


def test_it_opens_on_the_shipped_model(page: AppTest) -> None:
    assert not page.exception
    assert page.selectbox(key="checkpoint").value == "shipped vae"


def test_the_picture_that_ships_is_what_the_weights_draw() -> None:
    shipped = services.first_samples("vae")
    drawn = pictures.grid(pictures.draw_samples(load_checkpoint(PRETRAINED / "vae").build()))
    assert shipped is not None
    difference = np.asarray(Image.open(io.BytesIO(shipped))).astype(int) - np.asarray(drawn)
    assert np.abs(difference).max() <= 1  # another processor may round a pixel the other way
    assert (difference != 0).mean() < 0.001


@pytest.mark.parametrize(("key", "value"), [("kind", "binary"), ("seed", 7), ("temperature", 0.5)])
def test_every_control_changes_the_picture(page: AppTest, key: str, value: object) -> None:
    control = {"kind": page.segmented_control, "seed": page.number_input, "temperature": page.slider}[key]
    before = picture_of(page)
    control(key=key).set_value(value).run()
    assert not page.exception
    assert picture_of(page) != before


def test_a_link_opens_its_view(app: AppTest) -> None:
    app.query_params["seed"] = "7"
    app.query_params["temperature"] = "0.5"
    app.query_params["kind"] = "Binary"
    app.switch_page("pages/samples.py").run()
    assert (app.number_input(key="seed").value, app.slider(key="temperature").value) == (7, 0.5)
    assert app.segmented_control(key="kind").value == "binary"


@pytest.mark.parametrize("junk", ["", "-1", "99999999999", "x", "../../etc", "<b>", "NaN", "1e400"])
def test_a_junk_link_opens_at_the_defaults(app: AppTest, junk: str) -> None:
    for name in ("checkpoint", "seed", "temperature", "kind"):
        app.query_params[name] = junk
    app.switch_page("pages/samples.py").run()
    assert not app.exception
    assert app.selectbox(key="checkpoint").value == "shipped vae"
    assert app.segmented_control(key="kind").value == "means"


def test_own_runs_can_be_sampled_and_measured(app: AppTest, runs_folder: Path, brief: TrainConfig) -> None:
    train_into(RunWriter(runs_folder / "vae-mine", brief))
    app.switch_page("pages/samples.py").run()
    app.selectbox(key="checkpoint").select("run vae-mine").run()
    assert not app.exception
    assert not app.error


def test_a_broken_run_is_one_sentence(app: AppTest, runs_folder: Path, brief: TrainConfig) -> None:
    train_into(RunWriter(runs_folder / "vae-torn", brief))
    weights = runs_folder / "vae-torn" / "checkpoint.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    app.switch_page("pages/samples.py").run()
    app.selectbox(key="checkpoint").select("run vae-torn").run()
    assert not app.exception
    assert len(app.error) == 1
    assert app.error[0].value.isprintable()


def picture_of(page: AppTest) -> str:
    image: Any = page.get("image")[0]
    return str(image.value)


@pytest.mark.parametrize(("choice", "prior"), [("shipped vae", "N}(0, T^2 I)"), ("shipped gmvae", "mu_c")])
def test_the_formula_is_that_of_the_models_prior(page: AppTest, choice: str, prior: str) -> None:
    page.selectbox(key="checkpoint").select(choice).run()
    assert not page.exception
    assert prior in page.latex[0].value
