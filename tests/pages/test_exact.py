"""Two latent dimensions: the exact posterior, the identity in numbers, and what more samples move."""

import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.conftest import text_of
from training.runs.config import TrainConfig
from training.runs.run_writer import RunWriter
from training.runs.worker import train_into


def opened(app: AppTest, **query: str) -> AppTest:
    for name, value in query.items():
        app.query_params[f"exact-{name}"] = value
    return app.switch_page("pages/exact.py").run()


def numbers_of(page: AppTest, row: str) -> list[float]:
    """The cells of a row of the identity's table."""
    (line,) = re.findall(rf"\| \S*{row}[^|]*\|(.+)\|", text_of(page))
    return [float(cell.replace("−", "-")) for cell in line.split("|") if "e" not in cell]


def test_samples_and_bounds_show_after_the_guess(app: AppTest) -> None:
    page = opened(app)
    assert not page.exception
    assert not page.select_slider
    assert "Make your guess" in text_of(page)
    elbo, kl, total, evidence = numbers_of(page, "q")
    assert kl > 0.1
    assert elbo + kl == pytest.approx(total, abs=2e-4)
    assert total == pytest.approx(evidence, abs=1e-3)


def test_more_samples_move_the_bound_towards_the_ceiling_and_nothing_else(app: AppTest) -> None:
    page = opened(app, guess="q(z|x)")
    assert "You guessed q(z|x)" in text_of(page)
    (before,) = re.findall(r"\$ = −([\d.]+) ± \S+ nats, ([\d.]+) below", text_of(page))
    numbers = numbers_of(page, "q")
    page.select_slider(key="exact-m").set_value(1000).run()
    (after,) = re.findall(r"\$ = −([\d.]+) ± \S+ nats, (−?[\d.]+) below", text_of(page))
    assert float(after[0]) < float(before[0])
    assert float(after[1].replace("−", "-")) < float(before[1])
    assert numbers_of(page, "q") == numbers


def test_the_best_gaussian_splits_the_gap(app: AppTest) -> None:
    page = opened(app, best="true")
    (amortisation, approximation) = re.findall(r"(?:Amortisation|Approximation) gap ([\d.]+) nats", text_of(page))
    own, best = numbers_of(page, "q"), numbers_of(page, "best")
    assert float(amortisation) == pytest.approx(best[0] - own[0], abs=0.006)
    assert float(approximation) == pytest.approx(best[1], abs=0.006)
    assert own[3] == best[3]


def test_a_run_with_two_dimensions_can_be_chosen_and_others_cannot(
    app: AppTest, runs_folder: Path, brief: TrainConfig
) -> None:
    for name, z in (("flat", 2), ("deep", 3)):
        config = brief.model_copy(update={"model": brief.model.model_copy(update={"z": z})})
        train_into(RunWriter(runs_folder / name, config))
    page = opened(app, checkpoint="run flat")
    assert not page.exception
    box = page.selectbox(key="exact-checkpoint")
    assert [each.startswith(("shipped vae-z2", "run flat")) for each in box.options] == [True, True]
