"""One slider over the sweep: the cards' numbers on the plane, what each model draws, whose codes collapse."""

import re
from pathlib import Path

from streamlit.testing.v1 import AppTest

from pages.choose.evaluation_images import encoded
from pages.measure.rate_distortion import Point
from tests.pages.conftest import text_of
from tests.patience import PATIENCE
from training.checkpoints.reading import load_checkpoint
from training.release.cards import beta_sweep, read_card
from training.runs.config import TrainConfig
from training.runs.run_writer import RunWriter
from training.runs.worker import train_into
from training.system.folders import PRETRAINED, pretrained_names


def opened(app: AppTest, **query: str) -> AppTest:
    for name, value in query.items():
        app.query_params[name] = value
    page = app.switch_page("pages/beta.py").run()
    assert not page.exception
    return page


def tiles_of(page: AppTest) -> dict[str, str]:
    return {str(tile.label).split("] ")[-1].split("} ")[-1]: str(tile.value) for tile in page.metric}


def plane_of(page: AppTest) -> str:
    """The fields that the tooltips of the plane's points name."""
    return str(re.findall(r'"tooltip": *\[[^\]]*\]', page.get("vega_lite_chart")[0].proto.spec))


def test_it_opens_at_one_and_every_beta_shows_its_own_numbers(app: AppTest) -> None:
    page = opened(app, guess="1")
    assert page.select_slider(key="beta-beta").value == 1
    sweep = beta_sweep([read_card(PRETRAINED / name) for name in pretrained_names()])
    assert list(sweep) == sorted(sweep)
    lowest, highest, used = min(sweep), max(sweep), 10
    for beta in (1.0, lowest, highest):
        page.select_slider(key="beta-beta").set_value(beta).run()
        assert not page.exception
        facts, tiles = sweep[beta].sets["homework"], tiles_of(page)
        assert tiles["NELBO"] == f"{facts.nelbo:.2f} nats"
        assert tiles["KL"] == f"{facts.kl:.2f} nats"
        assert tiles["Reconstruction"] == f"{facts.rec:.2f} nats"
        used = int(encoded(load_checkpoint(PRETRAINED / sweep[beta].name)).active.sum())
        assert tiles["Dimensions in use"] == f"{used} of 10"
    assert used < 10  # with a large beta some dimensions collapse
    page.pills(key="beta-set").set_value("test").run()
    assert tiles_of(page)["NELBO"] == f"{sweep[highest].sets['test'].nelbo:.2f} nats"


def test_the_curve_of_the_nelbo_comes_after_a_guess(app: AppTest) -> None:
    page = opened(app)
    assert any("Make your guess" in info.value for info in page.info)
    assert tiles_of(page)["NELBO"] == "?"  # nothing above the question gives its answer away
    assert "nelbo" not in plane_of(page)
    page.segmented_control(key="beta-guess").set_value(0.1).run()
    assert not page.exception
    assert "You guessed 0.1: the smallest NELBO is that of β = 1" in text_of(page)
    assert tiles_of(page)["NELBO"].endswith(" nats")
    assert "nelbo" in plane_of(page)


def test_own_runs_join_the_plane_once_they_are_measured(app: AppTest, runs_folder: Path, brief: TrainConfig) -> None:
    train_into(RunWriter(runs_folder / "mine", brief))
    page = opened(app, runs="run mine")
    assert page.multiselect(key="beta-runs").value == ["run mine"]
    assert not page.button(key="measure-missing").disabled  # the homework set comes with the app
    (learned,) = [part.value for part in page.caption if part.value.startswith("Learned from none of these images")]
    assert learned.startswith("Learned from none of these images: run mine (z 5, ")
    assert learned.endswith("from 5,000 training digits of the embedded sample.")
    page.pills(key="beta-set").set_value("test").run()
    assert page.button(key="measure-missing").disabled  # without the full data there is nothing to measure it on


def test_a_link_opens_its_view_and_junk_opens_defaults(app: AppTest) -> None:
    page = opened(app, beta="4", set="Full test", digit="7, no. 3", guess="4")
    assert page.select_slider(key="beta-beta").value == 4
    assert (page.pills(key="beta-set").value, page.selectbox(key="beta-digit").value) == ("test", "7, no. 3")
    fresh = AppTest.from_file(app._script_path, default_timeout=PATIENCE).run()
    junk = opened(fresh, beta="1e400", set="<b>", digit="-1", guess="NaN", runs="../../etc")
    assert junk.select_slider(key="beta-beta").value == 1
    assert (junk.pills(key="beta-set").value, junk.selectbox(key="beta-digit").value) == ("homework", "3, no. 1")


def test_the_nelbo_of_a_point_is_its_sum() -> None:
    assert Point("x", 2.0, 20.5, 80.25).nelbo == 100.75
