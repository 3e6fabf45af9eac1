import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pages.lab.run_rows import filtered, mixed_scales, rows_of, settings_rows, sorted_runs
from training.lab.run_notes import RunNotes
from training.lab.run_summaries import RunSummary


def run(name: str, **changes: Any) -> RunSummary:
    """A finished run of a VAE on MNIST, with changes."""
    plain = RunSummary(
        origin="run",
        id=name,
        path=Path(name),
        recipe="vae",
        family="vae",
        data="mnist",
        settings={"z": "10", "seed": "0"},
        batch_size=100,
        steps=900,
        state="finished",
        step=900,
        seconds=60.0,
        message="",
        terms={"nelbo": 100.0, "kl": 20.0},
        notes=RunNotes(),
    )
    return replace(plain, **changes)


def names(runs: list[RunSummary]) -> list[str]:
    return [each.id for each in runs]


RUNS = [
    run("a", settings={"z": "20", "seed": "0"}, notes=RunNotes(name="Wide code", tags=("best",))),
    run("b", recipe="gmvae", state="failed", terms={"nelbo": math.nan}),
    run(
        "c", data="svhn", settings={"z": "10", "variance": "0.1"}, terms={"nelbo": -588.0}, notes=RunNotes(note="x\ny")
    ),
    run("d", terms={}, seconds=0.0, state="queued"),
    run("e", terms={"nelbo": 99.0, "accuracy": 0.94}),
]


@pytest.mark.parametrize(
    ("find", "found"),
    [
        ("", "abcde"),
        ("wide", "a"),
        ("z 20", "a"),
        ("BEST code", "a"),
        ("gmvae", "b"),
        ("best gmvae", ""),
        ("seed", "abde"),
    ],
)
def test_every_word_must_occur_somewhere(find: str, found: str) -> None:
    assert names(filtered(RUNS, find)) == list(found)


def test_models_data_and_states_narrow_it_down() -> None:
    assert names(filtered(RUNS, models=["vae"], data=["mnist"], states=["finished"])) == ["a", "e"]


def test_each_order_puts_what_has_no_number_last() -> None:
    assert names(sorted_runs(RUNS, "newest")) == list("abcde")
    assert names(sorted_runs(RUNS, "accuracy"))[0] == "e"
    assert names(sorted_runs(RUNS, "seconds"))[-1] == "d"
    assert names(sorted_runs(RUNS, "label"))[-1] == "a"


def test_nelbos_of_two_kinds_of_images_are_not_ranked_together() -> None:
    assert names(sorted_runs(RUNS, "nelbo")) == ["e", "a", "b", "d", "c"]
    assert mixed_scales(RUNS) == ["MNIST", "SVHN, variance 0.1"]
    assert mixed_scales(RUNS[:2]) == []


def test_a_row_says_what_differs_and_leaves_out_what_is_no_number() -> None:
    rows = {row.titles[0]: row.cells for row in rows_of([*RUNS[:2], *RUNS[3:]])}
    assert rows["run a"]["Run"] == "Wide code"
    assert rows["run a"]["Differs in"] == "z 20"
    assert rows["run b"]["Differs in"] == ""
    assert rows["run b"]["NELBO"] is None
    assert rows["run d"]["Time"] is None
    assert rows["run e"]["Time"] == "60 s"
    assert rows_of(RUNS)[2].cells["Note"] == "x"


def test_a_sweep_is_one_row_with_the_means_of_its_runs() -> None:
    sweep = [
        run(name, settings={"z": str(z), "seed": "1"}, terms={"nelbo": nelbo}, notes=RunNotes(group="s"))
        for name, z, nelbo in (("a", 2, 140.0), ("b", 10, 100.0), ("c", 20, 102.0))
    ]
    together, alone = rows_of([*sweep, run("other")], by_sweep=True)
    assert together.titles == ("run a", "run b", "run c")
    assert together.cells["Run"] == "sweep s: 3 runs"
    assert together.cells["Differs in"] == "z 2, 10, 20"
    assert together.cells["NELBO"] == 114.0
    assert alone.titles == ("run other",)
    assert len(rows_of(sweep)) == 3
    sweep[1] = replace(sweep[1], data="svhn")
    assert rows_of(sweep, by_sweep=True)[0].cells["NELBO"] is None


def test_settings_side_by_side_name_those_that_differ_first() -> None:
    differ, shared = settings_rows(RUNS[:2])
    assert [name for name, _ in differ] == ["model", "z"]
    assert ("z", ["20", "10"]) in differ
    assert ("seed", ["0", "0"]) in shared
    older = run("older", settings={"z": "10"})
    differ, shared = settings_rows([RUNS[3], older])
    assert differ == []
    assert ("seed", ["0", "–"]) in shared
    assert rows_of([RUNS[3], older])[0].cells["Differs in"] == ""
