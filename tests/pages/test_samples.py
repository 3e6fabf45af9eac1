import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from streamlit.testing.v1 import AppTest

from models.ssvae import SSVAEConfig
from pages.kit import services
from pages.latent.latent_pad import PLANES
from pages.latent.latent_space import PARTS
from tests.pages.conftest import pictures_of, text_of
from tests.patience import until
from training.checkpoints.model_ref import model_ref
from training.checkpoints.reading import load_checkpoint
from training.data.datasets import load_dataset
from training.latent.encoding import split_nelbo
from training.pictures import grids as pictures
from training.runs.config import TrainConfig
from training.runs.run_writer import RunWriter
from training.runs.worker import train_into
from training.system.folders import PRETRAINED
from training.system.number_format import plus_minus, signed


@pytest.fixture
def page(app: AppTest) -> AppTest:
    return app.switch_page("pages/samples.py").run()


def test_it_opens_on_the_shipped_model(page: AppTest) -> None:
    assert not page.exception
    assert page.selectbox(key="samples-checkpoint").value == "shipped vae"


def test_the_picture_that_ships_is_what_the_weights_draw() -> None:
    shipped = services.first_samples(model_ref("shipped", "vae"))
    drawn = pictures.grid(pictures.draw_samples(load_checkpoint(PRETRAINED / "vae").model))
    assert shipped is not None
    difference = np.asarray(Image.open(io.BytesIO(shipped))).astype(int) - np.asarray(drawn)
    assert np.abs(difference).max() <= 1  # another processor may round a pixel the other way
    assert (difference != 0).mean() < 0.001


@pytest.mark.parametrize(("key", "value"), [("kind", "binary"), ("seed", 7), ("temperature", 0.5)])
def test_every_control_changes_the_picture(page: AppTest, key: str, value: object) -> None:
    control = {"kind": page.segmented_control, "seed": page.number_input, "temperature": page.slider}[key]
    before = picture_of(page)
    control(key=f"samples-{key}").set_value(value).run()
    assert not page.exception
    assert picture_of(page) != before


def test_a_link_opens_its_view(app: AppTest) -> None:
    app.query_params["seed"] = "7"
    app.query_params["temperature"] = "0.5"
    app.query_params["kind"] = "Binary"
    app.switch_page("pages/samples.py").run()
    assert (app.number_input(key="samples-seed").value, app.slider(key="samples-temperature").value) == (7, 0.5)
    assert app.segmented_control(key="samples-kind").value == "binary"


@pytest.mark.parametrize("junk", ["", "-1", "99999999999", "x", "../../etc", "<b>", "NaN", "1e400"])
def test_a_junk_link_opens_at_the_defaults(app: AppTest, junk: str) -> None:
    for name in ("checkpoint", "seed", "temperature", "kind", "view", "plane", "across", "up", "backdrop", "label"):
        app.query_params[name] = junk
    app.switch_page("pages/samples.py").run()
    assert not app.exception
    assert app.selectbox(key="samples-checkpoint").value == "shipped vae"
    assert app.segmented_control(key="samples-kind").value == "means"
    assert app.pills(key="samples-view").value == "pad"
    assert app.slider(key="samples-across").value == (-1 if junk == "-1" else 0)  # a point like any other


def test_own_runs_can_be_sampled_and_measured(app: AppTest, runs_folder: Path, brief: TrainConfig) -> None:
    train_into(RunWriter(runs_folder / "vae-mine", brief))
    app.switch_page("pages/samples.py").run()
    app.selectbox(key="samples-checkpoint").select("run vae-mine").run()
    assert not app.exception
    assert not app.error


def test_a_broken_run_is_one_sentence(app: AppTest, runs_folder: Path, brief: TrainConfig) -> None:
    train_into(RunWriter(runs_folder / "vae-damaged", brief))
    weights = runs_folder / "vae-damaged" / "checkpoint.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    app.switch_page("pages/samples.py").run()
    app.selectbox(key="samples-checkpoint").select("run vae-damaged").run()
    assert not app.exception
    assert len(app.error) == 1
    assert app.error[0].value.isprintable()


def test_every_view_opens_on_any_family_and_bears_junk(app: AppTest, runs_folder: Path) -> None:
    model = SSVAEConfig(z=23, hidden=(11, 13))
    config = TrainConfig.from_preset("ssvae", model=model, data="mnist-sample", steps=20, batch_size=7, device="cpu")
    train_into(RunWriter(runs_folder / "ssvae-mine", config))
    for name in ("digit", "from", "to", "used", "layout", "prior", "dimension_across", "first"):
        app.query_params[name] = "<junk>"
    app.switch_page("pages/samples.py").run()
    for choice in ("shipped gmvae", "run ssvae-mine"):
        app.selectbox(key="samples-checkpoint").select(choice).run()
        for view in PARTS:
            app.pills(key="samples-view").set_value(view).run()
            assert not app.exception, (choice, view)
            assert not app.error, (choice, view)
    app.pills(key="samples-view").set_value("pad").run()
    assert app.pills(key="samples-label").value == 3


def test_sliders_move_the_point_on_every_plane(page: AppTest) -> None:
    seen = set()
    for plane in PLANES:
        page.selectbox(key="samples-plane").select(plane).run()
        for across in (0.0, 1.5):
            page.slider(key="samples-across").set_value(across).run()
            assert not page.exception
            seen.add(alt_of(page, "across"))
    assert len(seen) == 2 * len(PLANES)
    assert f"across {1.5:.2f}, up 0.00: z = (" in alt_of(page, "across")


def test_a_digit_is_taken_apart(page: AppTest) -> None:
    page.pills(key="samples-view").set_value("digit").run()
    page.selectbox(key="samples-digit").select("4, no. 2").run()
    digits = load_dataset("mnist-sample")
    image = digits.evaluation_set("test-1000")[int((digits.test.labels == 4).nonzero()[1])]
    terms, _ = split_nelbo(load_checkpoint(PRETRAINED / "vae").model, image)
    said = text_of(page)
    assert all(
        f"{signed(terms[name].mean)} {plus_minus(terms[name].error)} nats" in said for name in ("nelbo", "kl", "rec")
    )
    assert "4, no. 2" in alt_of(page, "The held-out digit")


def test_dimensions_show_after_a_guess(page: AppTest) -> None:
    page.selectbox(key="samples-checkpoint").select("shipped beta-4").run()
    page.pills(key="samples-view").set_value("dimensions").run()
    assert not any("z0" in body for body in html_of(page))
    page.pills(key="samples-used").set_value("every one").run()
    assert "You guessed every one: 9 of 10 dimensions are in use." in text_of(page)
    assert any('z0 <br><span class="note">0.00 nats, collapsed' in body for body in html_of(page))


def test_the_map_is_laid_out_at_once_and_by_t_sne_in_the_background(page: AppTest) -> None:
    page.pills(key="samples-view").set_value("map").run()
    assert len(page.get("plotly_chart")) == 1
    page.toggle(key="samples-prior").set_value(True).run()
    chart: Any = page.get("plotly_chart")[0]
    assert "draws from the prior" in chart.proto.alt
    page.segmented_control(key="samples-layout").set_value("tsne").run()
    (job,) = [job for key, job in services.jobs()._jobs.items() if key.startswith("tsne:")]
    until(lambda: job.progress > 0)
    job.stop()
    until(lambda: not job.active)
    page.run()
    assert any("reload the page" in each.value for each in page.info)
    job.result, job.state = torch.randn(1000, 2), "done"
    page.run()
    assert not page.exception
    assert len(page.get("plotly_chart")) == 1


def alt_of(page: AppTest, words: str) -> str:
    """The first alternative text with these words."""
    return next(alt for alt, _ in pictures_of(page) if words in alt)


def html_of(page: AppTest) -> list[str]:
    blocks: list[Any] = list(page.get("html"))
    return [str(block.proto.body) for block in blocks]


def picture_of(page: AppTest) -> bytes:
    return pictures_of(page)[0][1]


@pytest.mark.parametrize(("choice", "prior"), [("shipped vae", "N}(0, T^2 I)"), ("shipped gmvae", "mu_c")])
def test_the_formula_is_that_of_the_models_prior(page: AppTest, choice: str, prior: str) -> None:
    page.selectbox(key="samples-checkpoint").select(choice).run()
    assert not page.exception
    assert prior in page.latex[0].value


def test_a_model_of_colours_is_followed_to_its_styles(app: AppTest, runs_folder: Path, svhn_file: Path) -> None:
    folder = runs_folder / "house"
    folder.mkdir(parents=True)
    (folder / "checkpoint.safetensors").write_bytes(svhn_file.read_bytes())
    (folder / "config.json").write_text('{"family": "fsvae", "data": "svhn"}')
    app.query_params["checkpoint"] = "run house"
    page = app.switch_page("pages/samples.py").run()
    assert not page.exception
    (to_style,) = [part.proto for part in page.get("page_link") if "page Style" in part.proto.label]
    assert to_style.query_string == "style-checkpoint=run+house"
