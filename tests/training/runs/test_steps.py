import pytest
import torch

from models.registry import PRESETS, family_of
from training.data.datasets import Dataset, load_dataset
from training.data.pixel_draws import as_seen
from training.runs.adam import Adam
from training.runs.config import TrainConfig
from training.runs.trainer import Trainer


@pytest.mark.parametrize("preset", PRESETS)
def test_every_presets_recipe_takes_steps_and_goes_on_from_a_copied_state(preset: str, fake_svhn: Dataset) -> None:
    data = fake_svhn if family_of(preset).images == "colour" else load_dataset("mnist-sample")
    narrow: dict[str, object] = {"hidden": (11, 13)} if preset != "fsvae-conv" else {"channels": (3, 5, 7), "width": 11}
    config = TrainConfig.from_preset(preset, data=data.name, device="cpu", batch_size=7, model={"z": 3, **narrow})
    trainer = Trainer(config, data)
    reported = [trainer.step() for _ in range(3)][-1]
    state = trainer.state()
    assert trainer.taken == state["step"] == 3
    assert all(bool(value.isfinite()) and not value.requires_grad for value in reported.values())
    later = [trainer.step() for _ in range(20)][-1]
    again = Trainer(config, data, state)
    assert {name: float(value) for name, value in [again.step() for _ in range(20)][-1].items()} == pytest.approx(
        {name: float(value) for name, value in later.items()}, abs=0
    )
    assert all(torch.equal(value, again.state()["model"][name]) for name, value in trainer.state()["model"].items())


def test_the_learning_rate_falls_to_zero_over_the_cooldown_as_after_a_resume(monkeypatch: pytest.MonkeyPatch) -> None:
    data = load_dataset("mnist-sample")
    config = TrainConfig.from_preset(
        "vae", data=data.name, device="cpu", steps=8, cooldown=0.5, batch_size=3, model={"z": 2, "hidden": (5, 7)}
    )
    trainer = Trainer(config, data)
    rates, states, step = [], [], Adam.step

    def take(adam: Adam) -> None:
        rates.append(adam.learning_rate)
        step(adam)

    monkeypatch.setattr(Adam, "step", take)
    for _ in range(config.steps):
        trainer.step()
        states.append(trainer.state())
    assert rates == pytest.approx([1e-3] * 5 + [0.75e-3, 0.5e-3, 0.25e-3])
    again = Trainer(config, data, states[5])
    again.step()
    assert all(torch.equal(value, again.state()["model"][name]) for name, value in states[6]["model"].items())


def test_colours_are_seen_as_they_are_and_grey_as_drawn_pixels() -> None:
    values = torch.tensor([[0, 51, 255], [102, 204, 153]], dtype=torch.uint8)
    noise = torch.Generator().manual_seed(0)
    before = noise.get_state()
    torch.testing.assert_close(as_seen(values, False, noise), torch.tensor([[0, 0.2, 1.0], [0.4, 0.8, 0.6]]))
    assert torch.equal(noise.get_state(), before)
    assert set(as_seen(values, True, noise).flatten().tolist()) == {0.0, 1.0}
