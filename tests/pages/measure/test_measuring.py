"""Numbers measured on the page: in the background, with a progress, a Cancel and a table at the end."""

import re
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from models import ssvae
from models.ssvae import SSVAEConfig
from pages.kit import services
from pages.measure import numbers
from pages.measure.measuring import parse_bounds, set_names
from tests.pages.conftest import without_entries
from tests.patience import PATIENCE, until
from training.checkpoints.reading import write_safetensors
from training.data.registry import DATA_SETS
from training.evaluation.bounds import SetReport
from training.evaluation.evaluate import Accuracy
from training.runs.config import TrainConfig
from training.runs.run_writer import RunWriter
from training.runs.worker import train_into
from training.system.errors import UserError

REPORT = SetReport(
    images=1000,
    nelbo=107.25,
    nelbo_se=0.01,
    terms={"kl": 20.0, "kl_y": 2.25, "kl_z": 17.75, "rec": 87.25},
    niwae={1: 106.5, 1000: 101.75},
    niwae_se={1: 0.02, 1000: 0.001},
    ess_median={1: 1.0, 1000: 12.34},
    ess_worst={1: 1.0, 1000: 2.34},
)


def test_a_link_holds_what_is_measured_and_junk_in_it_is_dropped(
    app: AppTest, runs_folder: Path, brief: TrainConfig
) -> None:
    train_into(RunWriter(runs_folder / "mine", brief))
    app.query_params["checkpoint"] = "run mine"
    app.query_params["measure-bounds"] = ["1", "<b>", "50", "1e400"]
    app.query_params["measure-sets"] = "x"
    page = app.switch_page("pages/samples.py").run()
    assert not page.exception
    assert not page.error
    assert page.multiselect(key="samples-measure-bounds").value == ["1", "50"]
    assert page.pills(key="samples-measure-sets").value == ["homework"]


def test_the_sets_are_the_same_with_the_full_data_and_without(monkeypatch: pytest.MonkeyPatch, no_mnist: Path) -> None:
    names = ["homework", "test-1000", "test"]
    assert set_names("mnist") == set_names("mnist-sample") == names
    monkeypatch.setitem(DATA_SETS, "mnist", replace(DATA_SETS["mnist"], on_disk=lambda: True))
    assert set_names("mnist") == set_names("mnist-sample") == names


@pytest.fixture
def page(app: AppTest, runs_folder: Path, brief: TrainConfig) -> AppTest:
    """The page of a short finished run."""
    train_into(RunWriter(runs_folder / "mine", brief))
    return show(app)


def show(app: AppTest) -> AppTest:
    app.query_params["run"] = "mine"
    return app.switch_page("pages/train.py").run()


def text_of(page: AppTest) -> str:
    return without_entries("\n".join(part.value for part in [*page.markdown, *page.caption]))


def idle() -> None:
    until(lambda: not services.jobs().active("reading"))


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Measuring stands at a quarter until this event lets it end."""
    release = threading.Event()

    def measure(*_: object, on_progress: Callable[[str, float], None], **__: object) -> dict[str, SetReport]:
        while not release.wait(0.01):
            on_progress("homework", 0.25)
        return {"homework": REPORT}

    monkeypatch.setattr("training.evaluation.evaluate.measure", measure)
    return release


def progress(page: AppTest) -> list[int]:
    bars: list[Any] = list(page.get("progress"))
    return [bar.proto.value for bar in bars]


def until_under_way() -> None:
    until(lambda: any(job.progress for job in services.jobs().active("reading")))


def test_only_sets_at_hand_are_offered(page: AppTest) -> None:
    assert not page.exception
    assert page.pills(key="train-measure-sets").options == ["Homework", "1,000 test"]
    assert page.multiselect(key="train-measure-bounds").value == ["1", "10", "100", "1000"]


def test_a_measurement_shows_how_far_it_is_in_every_tab_and_then_its_table(
    page: AppTest, slow: threading.Event
) -> None:
    page.button(key="measure").click().run()
    until_under_way()
    page.run()
    assert not page.exception
    assert progress(page) == [25]
    assert page.multiselect(key="train-measure-bounds").disabled
    other = show(AppTest.from_file(page._script_path, default_timeout=PATIENCE).run())
    assert progress(other) == [25]
    slow.set()
    idle()
    for tab in (page, other):
        tab.run()
        assert not tab.exception
        assert progress(tab) == []
        assert "107.25\u00a0±\u00a00.01" in text_of(tab)
        assert not tab.button(key="measure").disabled


def test_a_measurement_can_be_cancelled_and_started_again(page: AppTest, slow: threading.Event) -> None:
    page.button(key="measure").click().run()
    until_under_way()
    page.run()
    page.button(key="stop-measuring").click().run()
    idle()
    page.run()
    assert not page.exception
    assert not page.error
    assert "107.25" not in text_of(page)
    slow.set()
    page.button(key="measure").click().run()
    idle()
    page.run()
    assert "107.25" in text_of(page)


def test_any_whole_m_is_measured(page: AppTest) -> None:
    page.multiselect(key="train-measure-bounds").set_value(["1", "7"]).run()
    page.button(key="measure").click().run()
    idle()
    page.run()
    assert not page.exception
    table = next(part.value for part in page.markdown if "\u2212IWAE\u20117" in part.value)
    assert "run mine (z 5, hidden 11 × 13, embedded sample, 60 steps and 1 more), homework set" in table
    assert "IWAE\u2011100" not in table
    assert page.multiselect(key="train-measure-bounds").value == ["1", "7"]


@pytest.mark.parametrize("junk", ["0", "-1", "1000001", "x", "1.5", "1e3", "", "9" * 5000, "<b>"])
def test_a_junk_m_is_one_sentence(page: AppTest, junk: str) -> None:
    page.multiselect(key="train-measure-bounds").set_value(["10", junk]).run()
    assert not page.exception
    assert [error.value for error in page.error] == [
        "m is a whole number from 1 to 1,000,000: take the others out of the list."
    ]
    assert page.button(key="measure").disabled


def test_a_typed_m_is_read_as_people_write_it() -> None:
    assert parse_bounds(["1,000", " 7 ", "7", "1000000"]) == [7, 1000, 1_000_000]
    with pytest.raises(UserError):
        parse_bounds(["½"])


def test_no_set_is_one_sentence(page: AppTest) -> None:
    page.pills(key="train-measure-sets").set_value([]).run()
    assert not page.exception
    assert len(page.error) == 1


def test_an_ssvae_shows_its_parts_its_samples_and_its_accuracy(
    app: AppTest, runs_folder: Path, slow: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = SSVAEConfig(z=5, hidden=(11, 13))
    config = TrainConfig.from_preset("ssvae", model=sizes, data="mnist-sample", steps=60, device="cpu")
    RunWriter(runs_folder / "mine", config).update(state="finished", step=60)
    write_safetensors(
        runs_folder / "mine" / "checkpoint.safetensors",
        ssvae.FAMILY.fresh(sizes, seed=0).state_dict(),
        family="ssvae",
        config=sizes,
        step=60,
    )
    monkeypatch.setattr("training.evaluation.evaluate.measure_accuracy", lambda checkpoint: Accuracy(0.9417, 777))
    slow.set()
    show(app)
    app.button(key="measure").click().run()
    idle()
    app.run()
    assert not app.exception
    words = text_of(app)
    for name, value in {"KL of y": "2.25", "KL of z": "17.75", "Accuracy": "94.17%\u00a0of\u00a0777"}.items():
        assert re.search(rf"{name} \|.*\| {value}\b", words)
    assert "below its NELBO by construction" in words
    assert "%\u00a0of\u00a010,000" in words


def test_what_a_model_learned_from_stands_below_its_numbers(page: AppTest, slow: threading.Event) -> None:
    slow.set()
    page.button(key="measure").click().run()
    idle()
    page.run()
    assert "steps and 1 more) from 5,000 training digits of the embedded sample" in text_of(page)
    assert "shipped vae from 60,000 training digits of MNIST" in text_of(page)


def test_of_a_model_from_elsewhere_it_is_said_that_nobody_knows(
    app: AppTest, slow: threading.Event, runs_folder: Path, brief: TrainConfig
) -> None:
    train_into(RunWriter(runs_folder / "mine", brief))
    (runs_folder / "mine" / "metrics.jsonl").unlink()
    slow.set()
    page = show(app)
    page.button(key="measure").click().run()
    idle()
    page.run()
    assert not page.exception
    assert "What run mine (z 5, hidden 11 × 13) learned from is not known." in text_of(page)


def test_each_bound_has_its_effective_sample_size(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    monkeypatch.setattr("streamlit.markdown", lambda text, **how: shown.append(text))
    numbers.numbers_table([numbers.column("mine", REPORT.as_json())], data="mnist")
    assert "| 101.75\u00a0±\u00a0<0.01 | 12.3\u00a0(2.3)\u00a0of\u00a01,000 |" in shown[0]
    assert "| 106.50\u00a0±\u00a00.02 | 1\u00a0of\u00a01 |" in shown[0]
