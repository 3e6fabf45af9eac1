import math
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from models import fsvae, vae
from models.fsvae import FSVAEConfig
from models.vae import VAEConfig
from training.checkpoints.reading import Checkpoint, load_checkpoint, write_safetensors
from training.diagnosis.paired_comparison import (
    Difference,
    Stage,
    compare,
    difference,
    in_words,
    stages,
    training_noise,
    why_not_compared,
)
from training.evaluation.bounds import SetReport
from training.evaluation.evaluate import measure
from training.system.errors import Cancelled, UserError


@given(st.integers(2, 60), st.floats(-3, 3), st.integers(0, 1000))
def test_a_paired_difference_is_the_mean_and_error_of_the_images_differences(count: int, by: float, seed: int) -> None:
    noise = torch.Generator().manual_seed(seed)
    hard, own = torch.randn(2, count, generator=noise, dtype=torch.float64) * torch.tensor([[50.0], [0.3]])
    found = difference(hard + own + by, hard)
    assert found.images == count
    assert found.mean == pytest.approx(float((own + by).mean()), abs=1e-9)
    assert found.standard_error == pytest.approx(float(own.std()) / math.sqrt(count), abs=1e-9)
    low, high = found.interval
    assert low <= found.mean <= high


def test_its_interval_holds_the_truth_as_often_as_it_says() -> None:
    noise = torch.Generator().manual_seed(0)
    one = torch.randn(2000, 97, generator=noise) * 4 + 1.7
    held = sum(low <= 1.7 <= high for low, high in (difference(row, torch.zeros(97)).interval for row in one))
    assert 0.93 < held / 2000 < 0.965


def test_images_must_be_the_same() -> None:
    with pytest.raises(ValueError, match="same two images or more, not 3 and 4"):
        difference(torch.zeros(3), torch.zeros(4))
    with pytest.raises(ValueError, match="same two images"):
        difference(torch.zeros(1), torch.zeros(1))


@pytest.mark.parametrize(
    ("mean", "error", "noise", "words"),
    [
        (
            0.1,
            0.2,
            0.5,
            "show no clear difference between mine and vae: the difference of their NELBOs is +0.10 nats, give or "
            "take 0.39",
        ),
        (1.9, 0.2, 0.4, "mine: NELBO 1.90 nats higher (worse) than vae (95% between 1.51 and 2.29 on 100 images). At"),
        (1.9, 0.2, 0.4, "a standard deviation of 0.57 nats; this difference is 3.4 of them."),
        (-0.8, 0.1, 0.4, "mine: NELBO 0.80 nats lower (better) than vae (95% between 0.60 and 1.00 on 100 images)."),
        (0.5, 0.1, 0.4, "a standard deviation of 0.57 nats; this difference is 0.9 of them."),
        (0.5, 0.1, None, "0.50 nats higher (worse) than vae (95% between 0.30 and 0.70 on 100 images). At m = 10 the"),
        (0.5, 0.1, None, "At m = 10 the bounds differ by \u22121.25 nats."),
    ],
)
def test_a_difference_in_words(mean: float, error: float, noise: float | None, words: str) -> None:
    assert words in in_words("mine", "vae", Difference(mean, error, 100), noise, (10, -1.25))


def test_training_noise_is_the_published_one() -> None:
    assert [training_noise(name, "homework") for name in ("vae", "gmvae", "ssvae")] == [0.61, 0.46, None]
    assert [training_noise("vae", name) for name in ("test", "sample", "fashion")] == [None] * 3


@pytest.fixture
def two(digit_file: Path, tmp_path: Path) -> list[Checkpoint]:
    other = VAEConfig(z=7, hidden=(17, 19), pixels=784)
    path = tmp_path / "other.safetensors"
    state = vae.FAMILY.fresh(other, seed=1).state_dict()
    write_safetensors(path, state, family="vae", config=other, step=3)
    return [load_checkpoint(digit_file), load_checkpoint(path)]


def test_every_model_has_its_first_number_before_any_has_its_last() -> None:
    plan = stages(3, "mnist", (1, 10))  # without the full MNIST
    assert [(stage.checkpoint, stage.bounds) for stage in plan] == [
        *((number, ()) for number in range(3)),
        *((number, (1, 10)) for number in range(3)),
        *((number, ()) for number in range(3)),
    ]
    assert [stage.set_name for stage in plan] == ["homework"] * 6 + ["test-1000"] * 3
    assert [stage.bounds for stage in stages(2, "mnist-sample", ())] == [()] * 4


@pytest.mark.full_data
def test_with_the_full_data_the_large_set_is_all_test_images(full_mnist: object) -> None:
    assert [stage.set_name for stage in stages(1, "mnist", ())] == ["homework", "test"]


def test_a_comparison_gives_what_each_model_gives_alone(two: list[Checkpoint]) -> None:
    plan = [Stage(number, "test-1000", (3,), 2, 1000) for number in range(2)]
    got: dict[int, SetReport] = {}
    seen: list[float] = []
    compare(
        two,
        plan,
        lambda stage, report: got.__setitem__(stage.checkpoint, report),
        lambda stage, error: pytest.fail(str(error)),
        seed=5,
        on_progress=lambda stage, fraction: seen.append(fraction),
    )
    for number, source in enumerate(two):
        alone = measure(source, ["test-1000"], [3], seed=5, passes=2)["test-1000"]
        assert alone == got[number]
        assert float(alone.nelbo_each.mean()) == pytest.approx(alone.nelbo, abs=1e-9)
        assert float(alone.niwae_each[3].mean()) == pytest.approx(alone.niwae[3], abs=1e-9)
    assert seen == sorted(seen)
    assert seen[-1] == pytest.approx(1)


def test_a_model_that_cannot_be_measured_leaves_the_others_alone(two: list[Checkpoint], small_file: Path) -> None:
    sources = [load_checkpoint(small_file), two[1]]  # of 16 pixels
    plan = [Stage(number, "test-1000", (), passes, 1000) for passes in (2, 3) for number in range(2)]
    done: list[int] = []
    failed: list[UserError] = []
    compare(sources, plan, lambda stage, _: done.append(stage.checkpoint), lambda _, error: failed.append(error))
    assert done == [1, 1]
    assert len(failed) == 1
    assert "images of 16 pixels" in str(failed[0])


def test_a_comparison_is_cancelled(two: list[Checkpoint]) -> None:
    plan = [Stage(0, "test-1000", (), 5, 1000)]
    with pytest.raises(Cancelled):
        compare(two, plan, lambda *_: None, lambda *_: None, should_stop=lambda: True)


def conditional(folder: Path, variance: float, *, named: bool = True) -> Checkpoint:
    """Untrained weights of a narrow FSVAE; in a bare state_dict nothing says its variance."""
    config = FSVAEConfig(z=5, hidden=(11, 13), variance=variance)
    state = fsvae.FAMILY.fresh(config, seed=0).state_dict()
    path = folder / f"{variance}-{named}.{'safetensors' if named else 'pt'}"
    if named:
        write_safetensors(path, state, family="fsvae", config=config, step=3)
    else:
        torch.save(dict(state), path)
    return load_checkpoint(path)


def test_models_of_other_likelihoods_are_not_compared(tmp_path: Path, two: list[Checkpoint]) -> None:
    wide, narrow = conditional(tmp_path, 0.1), conditional(tmp_path, 0.05)
    names = ("mine", "yours")
    assert why_not_compared(wide, wide, names) is why_not_compared(two[0], two[1], names) is None
    said = why_not_compared(wide, narrow, names)
    assert said is not None
    assert said.startswith("NELBOs and bounds of mine and yours are not compared: their likelihoods differ")
    assert "variance 0.1 and Gaussian colour values of variance 0.05" in said
    assert "Bernoulli" in (why_not_compared(wide, two[0], names) or "")
    bare = conditional(tmp_path, 0.1, named=False)
    assert bare.assumed
    assert "the file of yours does not say its variance" in (why_not_compared(wide, bare, names) or "")
