import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from models.registry import PRESETS, family_of
from training.benchmark.steps import STEPS, _medians, _products, benchmark
from training.runs.config import TrainConfig


@pytest.fixture(scope="module")
def result() -> dict[str, dict[str, object]]:
    with torch.random.fork_rng():
        return benchmark(repeats=1, iwae_repeats=1, samples=3)


def test_it_measures_every_side(result: dict[str, dict[str, object]]) -> None:
    assert list(result) == [*STEPS, "iwae3"]
    for name in STEPS:
        row = result[name]
        assert list(row) == ["homework_ms", "ours_ms", "floor_ms", "speedup", "precision"]
        assert all(float(str(row[key])) > 0 for key in list(row)[:4])
        assert row["precision"] in ("float32", "bfloat16")
    for bound in ("vae", "gmvae"):
        assert list(result["iwae3"][bound]) == ["naive_s", "ours_s", "naive_mb", "ours_mb"]  # type: ignore[call-overload]


@pytest.mark.parametrize("name", STEPS)
def test_the_floor_holds_the_products_of_one_step_and_no_other(name: str) -> None:
    """Multiply-adds, counted by hand: forward, the weights' gradients, the inputs' gradients except the data's."""
    config = TrainConfig.from_preset(name, device="cpu", precision="float32")
    pairs = 2.37 if name == "ssvae" else 1.0
    run = _products(family_of(name).fresh(PRESETS[name].model, 0), config, pairs)
    counter = FlopCounterMode(display=False)
    with counter:
        run()
    rows = 100
    z, hidden, pixels = {"ssvae": (64, 300, 784), "fsvae": (10, 500, 3072)}.get(name, (10, 300, 784))
    labels = 10 if name == "fsvae" else 0
    inner = 3 * hidden * hidden
    encoder = 2 * (pixels + labels) * hidden + pairs * (inner + 3 * hidden * 2 * z)
    decoder = pairs * (3 * (z + labels) * hidden + inner + 3 * hidden * pixels)
    classifier = 2 * (2 * pixels * hidden + inner + 3 * hidden * 10) if name == "ssvae" else 0
    assert counter.get_total_flops() == 2 * rows * (encoder + decoder + classifier)


def test_medians_are_taken_in_turns() -> None:
    calls: list[str] = []
    medians = _medians([lambda: calls.append("a"), lambda: calls.append("b")], repeats=3, turn=2, warm_up=1)
    assert "".join(calls) == "aabbaabb"
    assert len(medians) == 2
