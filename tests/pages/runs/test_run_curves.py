"""Every family's run shows the terms that its metrics name, in tiles and in charts."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from training.runs.config import TrainConfig
from training.runs.events import Measured
from training.runs.run_writer import RunWriter

ELBO = {"nelbo": 110.5, "kl": 18.25, "rec": 92.25}
LABELLED = {"nelbo": 111.5, "kl": 20.0, "kl_y": 2.25, "kl_z": 17.75, "rec": 91.5}
CLASSIFIED = {"cross_entropy": 0.03, "accuracy": 0.912}


def a_run(
    folder: Path, preset: str, training: dict[str, float], held_out: dict[str, float], *, state: str = "finished"
) -> None:
    """A run folder with two measurements of each split."""
    config = TrainConfig.from_preset(preset, data="mnist-sample", steps=100, device="cpu")
    writer = RunWriter(folder / "mine", config)
    for step in (0, 100):
        writer.record(Measured(step, step / 10, "held-out", held_out))
    for step in (50, 100):
        writer.record(Measured(step, step / 10, "train", training))
    writer.update(state=state, step=100, seconds=10.0)


@pytest.fixture
def watch(app: AppTest) -> AppTest:
    app.query_params["run"] = "mine"
    return app


def labels(page: AppTest) -> list[str]:
    return [metric.label.split("} ")[1] for metric in page.metric]


def charts(page: AppTest) -> dict[str, Any]:
    """The spec of every chart by the title of its axis and its lines."""
    specs = [json.loads(chart.proto.spec) for chart in page.get("vega_lite_chart")]
    return {", ".join(spec["encoding"]["color"]["scale"]["domain"]): spec for spec in specs}


def axis(spec: Any) -> str:
    return str(spec["encoding"]["y"]["title"])


@pytest.mark.parametrize(
    ("preset", "training", "held_out", "tiles", "lines"),
    [
        ("vae", ELBO, ELBO, ["NELBO", "KL", "Rec."], ["training, held-out", "KL, Rec."]),
        (
            "gmvae",
            ELBO,
            ELBO | {"components": 312.0},
            ["NELBO", "KL", "Rec.", "Components"],
            ["training, held-out", "KL, Rec.", "held-out"],
        ),
        (
            "ssvae",
            LABELLED | CLASSIFIED,
            LABELLED | {"accuracy": 0.905},
            ["NELBO", "KL of y", "KL of z", "Rec.", "Cross-entropy", "Accuracy"],
            ["training, held-out", "KL of z, Rec.", "KL of y, Cross-entropy", "training, held-out"],
        ),
        (
            "ssvae-supervised",
            CLASSIFIED,
            LABELLED | {"accuracy": 0.905},
            ["NELBO", "KL of y", "KL of z", "Rec.", "Cross-entropy", "Accuracy"],
            ["KL of y, Cross-entropy", "training, held-out", "held-out", "KL of z, Rec."],
        ),
        ("vae", ELBO | {"kl_style": 3.0}, ELBO, ["NELBO", "Rec.", "kl style"], None),
    ],
)
def test_a_run_shows_its_own_terms(
    watch: AppTest,
    runs_folder: Path,
    preset: str,
    training: dict[str, float],
    held_out: dict[str, float],
    tiles: list[str],
    lines: list[str] | None,
) -> None:
    a_run(runs_folder, preset, training, held_out)
    watch.switch_page("pages/train.py").run()
    assert not watch.exception
    assert labels(watch) == tiles
    assert all(metric.help for metric in watch.metric)
    if lines is not None:
        assert [
            ", ".join(json.loads(chart.proto.spec)["encoding"]["color"]["scale"]["domain"])
            for chart in watch.get("vega_lite_chart")
        ] == lines


def test_tiles_carry_both_splits_and_their_unit(watch: AppTest, runs_folder: Path) -> None:
    a_run(runs_folder, "ssvae", LABELLED | CLASSIFIED, LABELLED | {"nelbo": 113.5, "accuracy": 0.905})
    watch.switch_page("pages/train.py").run()
    shown = dict(zip(labels(watch), ((metric.value, metric.delta) for metric in watch.metric), strict=True))
    assert shown["NELBO"] == ("111.50", "held-out 113.50")
    assert shown["Accuracy"] == ("91.2%", "held-out 90.5%")
    assert shown["Cross-entropy"] == ("0.03", "nats")


def test_a_measurement_that_is_no_number_is_said_in_its_tile_and_marked_in_its_chart(
    watch: AppTest, runs_folder: Path
) -> None:
    a_run(runs_folder, "vae", ELBO, ELBO | {"nelbo": math.nan, "rec": math.inf})
    watch.switch_page("pages/train.py").run()
    assert not watch.exception
    shown = dict(zip(labels(watch), ((metric.value, metric.delta) for metric in watch.metric), strict=True))
    assert shown["NELBO"] == ("110.50", "held-out not a number")
    marks = charts(watch)["training, held-out"]["layer"][1]
    assert marks["transform"] == [{"filter": "!isValid(datum.value) && !isValid(datum.mark)"}]
    assert marks["mark"]["shape"] == "cross"


def test_components_are_counted_out_of_k(watch: AppTest, runs_folder: Path) -> None:
    a_run(runs_folder, "gmvae", ELBO, ELBO | {"components": 312.0})
    watch.switch_page("pages/train.py").run()
    assert (watch.metric[-1].value, watch.metric[-1].delta) == ("312", "of 500, held-out")


def test_accuracy_has_an_axis_of_its_own(watch: AppTest, runs_folder: Path) -> None:
    a_run(runs_folder, "ssvae", LABELLED | CLASSIFIED, LABELLED | {"accuracy": 0.905})
    watch.switch_page("pages/train.py").run()
    assert axis(charts(watch)["training, held-out"]) == "share of the images"
    assert axis(charts(watch)["KL of y, Cross-entropy"]) == "nats per image"


def test_a_live_chart_is_described_alike_at_every_tick(watch: AppTest, runs_folder: Path) -> None:
    a_run(runs_folder, "ssvae", LABELLED | CLASSIFIED, LABELLED | {"accuracy": 0.905}, state="running")

    def described() -> list[tuple[str, str]]:
        watch.switch_page("pages/train.py").run()
        assert not watch.exception
        parts: list[Any] = list(watch.get("vega_lite_chart"))
        return [(part.proto.spec, part.proto.alt) for part in parts]

    before = described()
    more = {"step": 150, "seconds": 15.0, "split": "train", "terms": {**LABELLED, **CLASSIFIED, "nelbo": 90.0}}
    with (runs_folder / "mine" / "metrics.jsonl").open("a") as file:
        file.write(json.dumps(more) + "\n")
    assert len(before) == 4
    assert described() == before


def test_places_wait_for_the_first_numbers(watch: AppTest, runs_folder: Path) -> None:
    config = TrainConfig.from_preset("gmvae", data="mnist-sample", steps=100, device="cpu")
    RunWriter(runs_folder / "mine", config)
    watch.switch_page("pages/train.py").run()
    assert not watch.exception
    assert labels(watch) == ["NELBO", "KL", "Rec.", "Components"]
    assert {metric.value for metric in watch.metric} == {"–"}
