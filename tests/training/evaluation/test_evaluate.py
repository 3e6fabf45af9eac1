import subprocess
import sys
from pathlib import Path

import pytest

from training.checkpoints.reading import load_checkpoint
from training.data.datasets import Dataset, load_dataset
from training.evaluation.bounds import BOUNDS, evaluate
from training.evaluation.evaluate import (
    available_sets,
    check_sets,
    dataset_of,
    default_bounds,
    measure,
    measure_accuracy,
)
from training.release.cards import read_card
from training.system.errors import Cancelled, UserError
from training.system.folders import PRETRAINED, PROJECT


def test_only_sets_whose_data_are_at_hand_are_available() -> None:
    assert available_sets("mnist") == ["homework", "test-1000"]
    assert available_sets("svhn") == []


@pytest.mark.full_data
def test_with_the_full_data_every_set_is_taken_from_them(full_mnist: Dataset) -> None:
    assert available_sets("mnist") == ["homework", "test-1000", "test"]
    assert {dataset_of(name) for name in available_sets("mnist")} == {full_mnist}


def test_set_names_are_kept_in_order_and_each_once() -> None:
    assert check_sets(["test", "homework", "test"]) == ["test", "homework"]


@pytest.mark.parametrize("names", [[], ["train"], ["test", "tset"]], ids=str)
def test_wrong_sets_are_answered_with_the_choices(names: list[str]) -> None:
    with pytest.raises(UserError, match="homework, test-1000, test, svhn, svhn-1000, fashion-1000 or fashion"):
        check_sets(names)


def test_a_set_is_measured_and_its_progress_named(digit_file: Path) -> None:
    checkpoint = load_checkpoint(digit_file)
    heard: list[tuple[str, float]] = []
    reports = measure(checkpoint, ["homework"], (2, 1), seed=3, on_progress=lambda *progress: heard.append(progress))
    x = load_dataset("mnist-sample").evaluation_set("homework")
    assert reports == {"homework": evaluate(checkpoint.model, x, (1, 2), seed=3)}
    assert {name for name, _ in heard} == {"homework"}
    assert heard[-1][1] == pytest.approx(1)


def test_data_that_are_missing_are_named(digit_file: Path) -> None:
    with pytest.raises(UserError, match="full MNIST is not in"):
        measure(load_checkpoint(digit_file), ["test"])


def test_it_ends_when_asked_to(digit_file: Path) -> None:
    with pytest.raises(Cancelled):
        measure(load_checkpoint(digit_file), ["homework"], should_stop=lambda: True)


def test_where_the_label_is_summed_out_large_sets_take_fewer_bounds_unless_somebody_asks() -> None:
    assert default_bounds(load_checkpoint(PRETRAINED / "ssvae"), "homework") == BOUNDS
    assert default_bounds(load_checkpoint(PRETRAINED / "ssvae"), "test") == (1, 10, 100)
    assert default_bounds(load_checkpoint(PRETRAINED / "vae"), "test") == BOUNDS


def test_without_the_download_accuracy_is_counted_on_the_embedded_test_digits() -> None:
    """The card's are of all 10,000: four standard errors of a share of 1,000 around it."""
    for name, of_all in (("ssvae", 0.9407), ("ssvae-supervised", 0.7403)):
        found = measure_accuracy(load_checkpoint(PRETRAINED / name))
        assert found is not None
        assert found.images == 1000
        assert found.share == pytest.approx(of_all, abs=4 * (of_all * (1 - of_all) / 1000) ** 0.5)


def test_without_the_download_the_homework_set_gives_the_cards_numbers() -> None:
    report = measure(load_checkpoint(PRETRAINED / "vae"), ["homework"], (1, 10))["homework"]
    card = read_card(PRETRAINED / "vae").sets["homework"]
    assert report.images == card.images == 100
    assert report.nelbo == pytest.approx(card.nelbo, abs=0.005)
    assert (report.kl, report.rec) == pytest.approx((card.kl, card.rec), abs=0.005)
    assert report.niwae[10] == pytest.approx(card.niwae["10"], abs=0.005)


@pytest.mark.full_data
def test_accuracy_is_counted_on_all_test_digits_where_they_are(full_mnist: Dataset) -> None:
    found = measure_accuracy(load_checkpoint(PRETRAINED / "ssvae"))
    assert found is not None
    assert found.images == 10_000
    assert found.share == read_card(PRETRAINED / "ssvae").accuracy


MEASURE = """
import sys
from training.checkpoints.reading import load_checkpoint
from training.system.folders import PRETRAINED
from training.evaluation.evaluate import available_sets, measure
measure(load_checkpoint(PRETRAINED / "beta-4"), available_sets("mnist")[:1], bounds=[2], passes=1)
print(*(name for name in ("torchvision", "sympy", "torch._dynamo", "pandas") if name in sys.modules))
"""


def test_measuring_loads_nothing_heavy_beside_torch() -> None:
    done = subprocess.run([sys.executable, "-c", MEASURE], cwd=PROJECT, capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr
