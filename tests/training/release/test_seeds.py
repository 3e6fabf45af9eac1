import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.release import seeds
from training.release.cards import Numbers, read_card
from training.release.seeds import FILE, Curve, Seeded, Several, all_seeds, keep_seed, several
from training.runs.run_folder import read_metrics
from training.system.errors import UserError
from training.system.folders import PRETRAINED, pretrained_names

WITH_SEEDS = [name for name in pretrained_names() if (PRETRAINED / name / FILE).is_file()]


def numbers(nelbo: float) -> Numbers:
    return Numbers(7, nelbo, 0.1, nelbo - 80, 80.0, {"1": nelbo, "10": nelbo - 2}, {"1": 0.1, "10": 0.2})


@pytest.fixture
def ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of shipped models with the VAE's card alone."""
    (tmp_path / "vae").mkdir()
    (tmp_path / "vae" / "card.json").write_bytes((PRETRAINED / "vae" / "card.json").read_bytes())
    monkeypatch.setattr(seeds, "PRETRAINED", tmp_path)
    return tmp_path


def test_the_shipped_training_is_always_one_of_them(ours: Path) -> None:
    card = read_card(ours / "vae")
    assert all_seeds("vae") == [Seeded(card.seed, True, card.sets, None)]
    alone = several("vae", "homework", "nelbo")
    assert (alone.values, alone.rank) == ((card.sets["homework"].nelbo,), 1)
    assert math.isnan(alone.deviation)


def test_a_training_is_kept_in_place_of_the_one_with_its_seed(ours: Path) -> None:
    curve = Curve([0, 50], [500.0, 110.5], [0.0, 18.5], [500.0, 92.0])
    for seed, nelbo in ((7, 103.0), (4, 99.0), (7, 101.5)):
        keep_seed("vae", Seeded(seed, False, {"homework": numbers(nelbo)}, None, curve))
    shipped = read_card(ours / "vae")
    assert [each.seed for each in all_seeds("vae")] == sorted([4, 7, shipped.seed])
    assert all_seeds("vae")[-1].curve == curve
    found = several("vae", "homework", "nelbo")
    assert sorted(found.values) == sorted([99.0, 101.5, shipped.sets["homework"].nelbo])
    assert several("vae", "homework", "10").seeds == found.seeds
    assert several("vae", "homework", "1000").seeds == (shipped.seed,)  # the others have no such bound


def test_a_number_that_the_shipped_model_lacks(ours: Path) -> None:
    with pytest.raises(KeyError):
        several("vae", "homework", "kl_y")


@pytest.mark.parametrize("broken", ["{", "[1]", '[{"seed": 1}]', '[{"seed": 1, "sets": {"a": {}}, "curve": null}]'])
def test_a_broken_file_is_one_sentence(ours: Path, broken: str) -> None:
    (ours / "vae" / FILE).write_text(broken)
    with pytest.raises(UserError, match=r"vae/seeds.json cannot be read: remake it with"):
        all_seeds("vae")


@given(st.lists(st.floats(50, 200), min_size=2, max_size=7, unique=True), st.data())
def test_the_rank_counts_those_that_are_lower(values: list[float], data: st.DataObject) -> None:
    shipped = data.draw(st.integers(0, len(values) - 1))
    found = Several(tuple(range(len(values))), tuple(values), shipped)
    assert found.rank == 1 + sum(value < values[shipped] for value in values)
    assert min(values) <= found.mean <= max(values)
    assert found.deviation > 0


@pytest.mark.parametrize("name", WITH_SEEDS)
def test_what_ships_are_whole_trainings_of_the_same_recipe(name: str) -> None:
    card, trainings = read_card(PRETRAINED / name), all_seeds(name)
    assert [each.ships for each in trainings].count(True) == 1
    assert len({each.seed for each in trainings}) == len(trainings)
    steps = read_metrics(PRETRAINED / name / "metrics.jsonl", "held-out").steps
    for each in trainings:
        assert each.sets.keys() == card.sets.keys()
        for key, numbers in each.sets.items():
            assert numbers.images == card.sets[key].images
            assert numbers.nelbo == pytest.approx(numbers.kl + numbers.rec, abs=1e-6)
        if not each.ships:
            assert each.curve is not None
            assert each.curve.steps[-1] == steps[-1] == card.steps
            assert {len(values) for values in vars(each.curve).values()} == {len(each.curve.steps)}
        assert (each.accuracy is None) == (card.accuracy is None)


def test_a_file_holds_a_training_a_line() -> None:
    """So that a change of one is a change of one line."""
    assert WITH_SEEDS
    for name in WITH_SEEDS:
        lines = (PRETRAINED / name / FILE).read_text(encoding="utf-8").splitlines()
        assert [json.loads(line.rstrip(","))["seed"] for line in lines[1:-1]] == [
            each.seed for each in all_seeds(name) if not each.ships
        ]
