import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.runs.health import _collapsed, collapse_in, gap_at
from tests.pages.conftest import text_of
from training.lab.latent_file import Latent
from training.runs.config import TrainConfig
from training.runs.events import Health
from training.runs.run_folder import MetricTable, Run
from training.runs.run_writer import RunWriter
from training.runs.worker import train_into
from training.system.number_format import signed


def looks(*kl: list[float]) -> Latent:
    return {"steps": [250 * place for place in range(len(kl))], "kl": list(kl), "means": [[]] * len(kl), "labels": []}


ALIVE, DEAD = [0.4, 3.0, 0.001], [0.002, 0.0, 0.009]


@pytest.mark.parametrize(
    ("latent", "step"),
    [
        (looks(ALIVE, ALIVE, ALIVE), None),
        (looks(ALIVE, ALIVE, DEAD, DEAD), 500),
        (looks(DEAD, DEAD, DEAD), 0),
        (looks(DEAD, DEAD), None),
        (looks(DEAD, DEAD, ALIVE), None),
        (looks(ALIVE, DEAD, ALIVE, DEAD), 750),
    ],
)
def test_a_collapse_is_dated(latent: Latent, step: int | None) -> None:
    assert collapse_in(latent) == step


@pytest.mark.parametrize(
    ("settings", "cause"),
    [
        ({"kl_weight": 8.0, "learning_rate": 1e-3, "warmup": 0.0}, "β = 8"),
        ({"kl_weight": 1.0, "learning_rate": 0.1, "warmup": 0.0}, "learning rate 0.1"),
        ({"kl_weight": 1.0, "learning_rate": 1e-3, "warmup": 0.0}, "warm the KL weight up"),
        ({"kl_weight": 1.0, "learning_rate": 1e-3, "warmup": 500.0}, "without z"),
    ],
)
def test_its_likely_cause_is_named(settings: dict[str, float], cause: str) -> None:
    assert cause in _collapsed(1500, settings)


def test_a_run_shows_what_its_dimensions_carry(app: AppTest, runs_folder: Path, brief: TrainConfig) -> None:
    train_into(RunWriter(runs_folder / "mine", brief))
    app.query_params["run"] = "mine"
    page = app.switch_page("pages/train.py").run()
    assert not page.exception
    assert not page.warning
    page.session_state["health-mine"] = True
    page.run()
    assert not page.exception
    assert "of 5** latent dimensions are active units" in text_of(page)
    text, run = text_of(page), Run(runs_folder / "mine")
    assert "the gradient's norm is **" in text
    assert re.search(r"a step takes \*\*[\d.]+ ms\*\*", text)
    gap = run.metrics("held-out").terms["nelbo"][-1] - run.metrics("train").terms["nelbo"][-1]
    assert f"the gap, held-out less training NELBO, is **{signed(gap, '+.2f')} nats**" in text


def test_a_gap_is_of_one_step() -> None:
    training = MetricTable([50, 100], [1.0, 2.0], {"nelbo": [200.0, 150.0]})
    held_out = MetricTable([0, 100], [0.0, 2.0], {"nelbo": [545.0, 152.5]})
    assert gap_at(100, training, held_out) == 2.5
    assert gap_at(0, training, held_out) is None
    assert gap_at(50, training, held_out) is None
    assert gap_at(100, MetricTable([100], [1.0], {}), held_out) is None


def test_a_collapsed_run_is_warned_of(app: AppTest, runs_folder: Path, brief: TrainConfig) -> None:
    train_into(RunWriter(runs_folder / "mine", brief))
    writer = RunWriter.__new__(RunWriter)
    writer.path = runs_folder / "mine"
    for step in (70, 80, 90):
        writer.record(Health(step, 1.0, [0.0] * 5, [], [], 0, 1.0, 1.0))
    app.query_params["run"] = "mine"
    page = app.switch_page("pages/train.py").run()
    assert not page.exception
    assert ["Posterior collapse since step 70" in each.value for each in page.warning] == [True]
    assert Run(writer.path).config == brief
