import pytest

from models.registry import PRESETS
from training.benchmark import speed_probe
from training.benchmark.speed_probe import steps_per_second
from training.runs.trainer import Trainer


@pytest.mark.parametrize("preset", PRESETS)
def test_every_recipe_is_timed_here(preset: str, no_mnist: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also without any data on disk."""
    monkeypatch.setattr(speed_probe, "ENOUGH", 0.0)
    assert 0.01 < steps_per_second(preset, 7) < 100_000


def test_the_speed_is_that_of_the_steps(no_mnist: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that moves by a quarter of a second at every step makes four steps a second, whatever the machine."""
    clock = [0.0]
    step = Trainer.step

    def slow(trainer: Trainer) -> object:
        clock[0] += 0.25
        return step(trainer)

    monkeypatch.setattr(Trainer, "step", slow)
    monkeypatch.setattr(speed_probe.time, "perf_counter", lambda: clock[0])
    assert steps_per_second("vae", 7) == 4
