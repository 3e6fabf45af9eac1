"""The ladder of bounds: from the cards at once, from measurements in the background, and the weights behind it."""

import re
import time
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.draw.palette import MODELS, marked
from pages.kit import services
from tests.pages.conftest import text_of
from tests.patience import PATIENCE, until
from training.checkpoints.reading import load_checkpoint
from training.evaluation.evaluate import measure
from training.evaluation.spread import Spread
from training.release.cards import read_card
from training.runs.config import TrainConfig
from training.runs.run_writer import RunWriter
from training.runs.worker import train_into
from training.system.folders import PRETRAINED


@pytest.fixture
def page(app: AppTest) -> AppTest:
    return app.switch_page("pages/bounds.py").run()


@pytest.fixture
def mine(runs_folder: Path, brief: TrainConfig) -> Path:
    """A short finished run."""
    train_into(RunWriter(runs_folder / "mine", brief))
    return runs_folder / "mine"


def opened(app: AppTest, **query: object) -> AppTest:
    for name, value in query.items():
        app.query_params[name] = value
    return app.switch_page("pages/bounds.py").run()


def test_it_opens_on_the_numbers_of_the_cards(page: AppTest) -> None:
    assert not page.exception
    assert page.multiselect(key="bounds-models").value == ["shipped vae", "shipped gmvae"]
    for name in ("vae", "gmvae"):
        numbers = read_card(PRETRAINED / name).sets["homework"]
        assert f"{numbers.niwae['1000']:.2f}\u00a0±" in text_of(page)
        assert f"{numbers.niwae['1'] - numbers.niwae['10']:.2f}" in text_of(page)
    assert "report, vae" in text_of(page)
    ladder = next(part.proto.body for part in page.get("html") if 'class="ladder"' in part.proto.body)
    assert re.findall(r">(\d+\.\d\d) ±", ladder) == [
        f"{read_card(PRETRAINED / name).sets['homework'].niwae[m]:.2f}"
        for name in ("vae", "gmvae")
        for m in ("1", "10", "100", "1000")
    ]
    assert not [button for button in page.button if "Measure" in button.label]


def test_the_proof_stands_there_from_the_first_with_the_ladders_numbers(page: AppTest) -> None:
    (proof,) = [part.value for part in page.markdown if "Jensen" in part.value]
    bounds = read_card(PRETRAINED / "vae").sets["homework"].niwae
    assert re.findall(r" (\d+\.\d\d) \|", proof) == [f"{bounds[m]:.2f}" for m in ("1000", "100", "10", "1")]


def test_effective_sample_sizes_stand_beside_the_bounds(page: AppTest) -> None:
    for name in ("vae", "gmvae"):
        numbers = read_card(PRETRAINED / name).sets["homework"]
        assert numbers.ess_median is not None
        assert numbers.ess_worst is not None
        median, worst = numbers.ess_median["1000"], numbers.ess_worst["1000"]
        assert f"{median:.1f}\u00a0({worst:.1f})\u00a0of\u00a01,000" in text_of(page)
    assert "A high one proves nothing" in text_of(page)


def test_each_plus_minus_says_what_it_is_over(page: AppTest) -> None:
    """The ladder's bars and the table's errors are over the noise; the course key's are over its trainings."""
    assert any(
        caption.value.startswith("Error bars: 2 standard errors to each side. One is the Monte-Carlo")
        for caption in page.caption
    )
    assert "98.58\u00a0±\u00a00.46" in text_of(page)
    assert f"reference solution, gmvae: {Spread.TRAININGS.label}" in text_of(page)


def test_a_run_stands_beside_the_report_of_its_family(app: AppTest, mine: Path) -> None:
    assert "report, vae" in text_of(opened(app, models="run mine"))


def test_the_test_set_has_numbers_of_its_own_and_no_published_ones(page: AppTest) -> None:
    page.pills(key="bounds-set").set_value("test").run()
    assert not page.exception
    assert f"{read_card(PRETRAINED / 'vae').sets['test'].niwae['1000']:.2f}\u00a0±" in text_of(page)
    assert "report, vae" not in text_of(page)


def test_what_needs_the_full_data_cannot_be_asked_for_without(page: AppTest) -> None:
    page.toggle(key="bounds-deep").set_value(True).run()
    assert not page.exception
    assert not page.button(key="measure-missing").disabled  # the homework set comes with the app
    page.pills(key="bounds-set").set_value("test").run()
    assert page.button(key="measure-missing").disabled
    page.pills(key="bounds-set").set_value("test-1000").run()
    assert not page.button(key="measure-missing").disabled
    assert any("not measured on this set" in info.value for info in page.info)


def test_measured_here_they_are_what_the_command_line_prints(app: AppTest, mine: Path) -> None:
    page = opened(app, models="run mine", set="Homework", seed=3)
    assert not page.exception
    page.button(key="measure-missing").click().run()
    until(lambda: not services.jobs().active("reading"))
    page.run()
    page.run()
    assert not page.exception
    report = measure(load_checkpoint(mine), ["homework"], seed=3)["homework"]
    for value in (report.nelbo, *report.niwae.values()):
        assert f"{value:.2f}\u00a0±" in text_of(page)
    assert f"{report.ess_median[1000]:.1f}\u00a0({report.ess_worst[1000]:.1f})\u00a0of\u00a01,000" in text_of(page)
    assert not [button for button in page.button if "Measure" in button.label]

    again = opened(
        AppTest.from_file(app._script_path, default_timeout=PATIENCE).run(), models="run mine", set="Homework", seed=3
    )
    assert f"{report.niwae[1000]:.2f}\u00a0±" in text_of(again)
    other_seed = again.number_input(key="bounds-seed").set_value(4).run()
    assert any("not measured on this set" in info.value for info in other_seed.info)


def test_measuring_shows_how_far_it_is_and_can_be_cancelled(
    app: AppTest, mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def endless(*_: object, on_progress: object, **__: object) -> None:
        while True:
            on_progress("homework", 0.25)  # type: ignore[operator]
            time.sleep(0.01)

    monkeypatch.setattr("training.evaluation.evaluate.measure", endless)
    page = opened(app, models="run mine", set="Homework")
    page.button(key="measure-missing").click().run()
    until(lambda: any(job.progress for job in services.jobs().active("reading")))
    page.run()
    assert [bar.proto.value for bar in page.get("progress")] == [25]
    page.button(key="stop-bounds").click().run()
    until(lambda: not services.jobs().active("reading"))
    page.run()
    assert not page.exception
    assert not page.button(key="measure-missing").disabled


def test_a_guess_comes_before_the_weights(page: AppTest) -> None:
    assert any("Make your guess" in info.value for info in page.info)
    assert "half of the weight.**" not in text_of(page)
    page.segmented_control(key="bounds-guess").set_value("more").run()
    assert not page.exception
    assert "You guessed more" in text_of(page)
    assert "half of the weight.**" in text_of(page)
    before = text_of(page)
    page.segmented_control(key="bounds-digit").set_value(8).run()
    assert not page.exception
    assert text_of(page) != before


def test_no_model_is_no_error(page: AppTest) -> None:
    page.multiselect(key="bounds-models").set_value([]).run()
    assert not page.exception
    assert any("Choose one model" in info.value for info in page.info)


def test_a_link_opens_its_view_and_junk_opens_defaults(app: AppTest) -> None:
    page = opened(app, models="shipped beta-0.1", set="Full test", deep="true", seed="7", digit="4", guess="6 to 50")
    assert not page.exception
    assert page.multiselect(key="bounds-models").value == ["shipped beta-0.1"]
    assert (page.pills(key="bounds-set").value, page.toggle(key="bounds-deep").value) == ("test", True)
    assert page.segmented_control(key="bounds-digit").value == 4
    assert page.segmented_control(key="bounds-guess").value == "6 to 50"
    junk = opened(
        AppTest.from_file(app._script_path, default_timeout=PATIENCE).run(),
        **dict.fromkeys(("models", "set", "deep", "seed", "digit", "guess"), "<script>"),
    )
    assert not junk.exception
    assert junk.pills(key="bounds-set").value == "homework"
    assert junk.segmented_control(key="bounds-digit").value == 3


def test_a_run_without_weights_is_one_sentence(app: AppTest, mine: Path) -> None:
    (mine / "checkpoint.safetensors").unlink()
    page = opened(app, models="run mine")
    assert not page.exception
    assert len(page.error) == 1


def test_the_proof_and_the_chart_are_in_the_colour_of_the_model_that_is_measured(app: AppTest, mine: Path) -> None:
    page = opened(app, models=["run mine", "shipped vae"])
    ladder = next(part.proto.body for part in page.get("html") if 'class="ladder"' in part.proto.body)
    assert re.findall(r'class="line" style="background: (#\w+)', ladder) == [MODELS[1]]
    (proof,) = [part.value for part in page.markdown if "Jensen" in part.value]
    assert marked(MODELS[1], "estimate, shipped vae") in proof
