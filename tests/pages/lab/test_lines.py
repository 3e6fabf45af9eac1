import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.lab.lines import MOST, curve_of, lines_of, smoothed
from tests.pages.lab.test_run_rows import run
from training.lab.run_summaries import RunSummary


def kept(folder: Path, name: str, seed: int, rows: list[tuple[int, float]]) -> RunSummary:
    """A run on MNIST's sample whose held-out NELBO is kept at these steps."""
    path = folder / name
    path.mkdir()
    lines = [
        json.dumps({"step": step, "seconds": step / (seed + 1), "split": "held-out", "terms": {"nelbo": value}})
        for step, value in rows
    ]
    (path / "metrics.jsonl").write_text("\n".join(lines))
    return run(name, path=path, settings={"z": "10", "seed": str(seed)}, data="mnist-sample")


def test_every_run_has_a_colour_with_dashes_of_its_own() -> None:
    lines = lines_of([run(str(number)) for number in range(MOST)], seeds_together=False)
    assert len({(line.color, line.dashes) for line in lines}) == MOST
    assert len({line.name for line in lines}) == MOST


def test_runs_that_differ_in_their_seed_alone_are_one_line() -> None:
    runs = [run("a"), run("b", settings={"z": "10", "seed": "7"}), run("c", settings={"z": "20", "seed": "0"})]
    together = lines_of(runs, seeds_together=True)
    assert [(line.name, len(line.runs)) for line in together] == [("a, mean of 2 seeds", 2), ("c", 1)]
    assert len(lines_of(runs, seeds_together=False)) == 3


def test_a_mean_over_seeds_is_drawn_where_all_have_measured(tmp_path: Path) -> None:
    one = kept(tmp_path, "a", 0, [(0, 500.0), (250, 120.0), (500, 100.0)])
    other = kept(tmp_path, "b", 1, [(0, 510.0), (250, math.nan)])
    [line] = lines_of([one, other], seeds_together=True)
    curve = curve_of(line, "nelbo", "held-out", axis="seconds", smoothing=1, first=0)
    assert curve is not None
    assert curve.steps == [0, 250]
    assert curve.values[0] == 505.0
    assert math.isnan(curve.values[1])
    assert curve.band[0] == (500.0, 510.0)
    assert curve.places == [0.0, (250 + 125) / 2]
    assert curve_of(line, "accuracy", "held-out", axis="steps", smoothing=1, first=0) is None


def test_epochs_count_the_images_of_the_training_set(tmp_path: Path) -> None:
    [line] = lines_of([kept(tmp_path, "a", 0, [(0, 5.0), (100, 4.0)])], seeds_together=False)
    curve = curve_of(line, "nelbo", "held-out", axis="epochs", smoothing=1, first=0)
    assert curve is not None
    assert curve.places == [0.0, 100 * 100 / 5000]


@pytest.mark.parametrize("points", [1, 3, 5])
def test_smoothing_leaves_a_straight_line_as_it_is(points: int) -> None:
    values = [float(number) for number in range(9)]
    assert smoothed(values, points) == pytest.approx(values)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40), st.sampled_from([1, 3, 9]))
def test_a_smoothed_value_lies_between_its_neighbours(values: list[float], points: int) -> None:
    found = smoothed(values, points)
    assert len(found) == len(values)
    for place, value in enumerate(found):
        near = values[max(0, place - points // 2) : place + points // 2 + 1]
        assert min(near) - 1e-6 <= value <= max(near) + 1e-6


def test_smoothing_hides_no_step_without_a_number() -> None:
    found = smoothed([1.0, math.nan, 3.0, 4.0], 3)
    assert math.isnan(found[1])
    assert found[2] == 3.5
