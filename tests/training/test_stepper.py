import pytest
import torch

from models.registry import PRESETS
from training.config import TrainConfig
from training.data import load_dataset
from training.stepper import Stepper


@pytest.mark.parametrize("preset", PRESETS)
def test_every_presets_recipe_takes_steps_and_goes_on_from_a_copied_state(preset: str) -> None:
    data = load_dataset("mnist-sample")
    model = {"hidden": (11, 13), "z": 3}
    config = TrainConfig.from_preset(preset, data="mnist-sample", device="cpu", batch_size=7, model=model)
    stepper = Stepper(config, data)
    reported = [stepper.step() for _ in range(3)][-1]
    state = stepper.state()
    assert stepper.taken == state["step"] == 3
    assert all(bool(value.isfinite()) and not value.requires_grad for value in reported.values())
    later = [stepper.step() for _ in range(20)][-1]
    again = Stepper(config, data, state)
    assert {name: float(value) for name, value in [again.step() for _ in range(20)][-1].items()} == pytest.approx(
        {name: float(value) for name, value in later.items()}, abs=0
    )
    assert all(torch.equal(value, again.state()["model"][name]) for name, value in stepper.state()["model"].items())
