import math
from typing import Any

import pytest
import torch
from torch import Tensor

from models import vae
from models.registry import PRESETS, family_of
from models.vae import VAEConfig
from training.data import pixel_draws as pixels
from training.data.datasets import Dataset, Images, load_dataset
from training.data.pixel_draws import draw_pixels
from training.runs.config import TrainConfig
from training.runs.events import Event, Measured, Pictures, Saved
from training.runs.steering import Steering
from training.runs.trainer import TrainingDiverged, train

precisions = pytest.mark.parametrize("precision", ["float32", "bfloat16"])


def configured(small: VAEConfig, **changes: Any) -> TrainConfig:
    return TrainConfig.from_preset("vae", model=small, batch_size=7, device="cpu", **changes)


def trained(config: TrainConfig, data: Dataset, **options: Any) -> list[Event]:
    return list(train(config, data, **options))


def states(events: list[Event]) -> dict[int, dict[str, Any]]:
    return {event.step: event.state for event in events if isinstance(event, Saved)}


def same_state(one: Any, other: Any) -> bool:
    """Equal to the last bit, but for the clock."""
    if isinstance(one, Tensor):
        return torch.equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same_state(one[key], other[key]) for key in one if key != "seconds")
    return bool(one == other)


class StopAfter(Steering):
    def __init__(self, steps: int) -> None:
        self.left = steps

    def should_stop(self) -> bool:
        self.left -= 1
        return self.left < 0


def test_events_come_in_order(small: VAEConfig, fake_digits: Dataset) -> None:
    def label(event: Event) -> tuple[str, int]:
        kind = event.split if isinstance(event, Measured) else type(event).__name__
        return kind, event.step

    config = configured(small, steps=520)
    events = trained(config, fake_digits, save_seconds=math.inf)
    assert events[-1].step == 520
    assert [label(event) for event in events] == [
        *[("held-out", 0), ("Health", 0), ("Pictures", 0), ("Saved", 0)],
        *[("train", 50), ("train", 100), ("Pictures", 100)],
        *[("train", 150), ("train", 200), ("Pictures", 200)],
        *[("train", 250), ("held-out", 250), ("Health", 250), ("train", 300), ("Pictures", 300)],
        *[("train", 350), ("train", 400), ("Pictures", 400)],
        *[("train", 450), ("train", 500), ("held-out", 500), ("Health", 500), ("Pictures", 500)],
        *[("train", 520), ("held-out", 520), ("Health", 520), ("Pictures", 520), ("Saved", 520)],
    ]
    seconds = [event.seconds for event in events if isinstance(event, Measured)]
    assert seconds == sorted(seconds)


def test_measurements_name_every_term_and_learning_lowers_the_loss(small: VAEConfig, fake_digits: Dataset) -> None:
    measured = [event for event in trained(configured(small, steps=300), fake_digits) if isinstance(event, Measured)]
    for event in measured:
        assert list(event.terms) == ["nelbo", "kl", "rec"]
        assert event.terms["nelbo"] == pytest.approx(event.terms["kl"] + event.terms["rec"], rel=1e-5)
    held_out = [event.terms["nelbo"] for event in measured if event.split == "held-out"]
    assert held_out[-1] < held_out[0]


def test_pictures_show_the_same_noise_and_images_at_every_step(small: VAEConfig, fake_digits: Dataset) -> None:
    pictures = [event for event in trained(configured(small, steps=110), fake_digits) if isinstance(event, Pictures)]
    first, *_, last = pictures
    assert (first.samples.shape, first.originals.shape, first.reconstructions.shape) == ((200, 16), (8, 16), (8, 16))
    assert torch.equal(first.originals, fake_digits.test.images[:8] / 255)
    assert torch.equal(last.originals, first.originals)
    assert not torch.equal(last.samples, first.samples)
    noise = torch.Generator().manual_seed(0)
    model = vae.FAMILY.fresh(small, seed=0)
    assert torch.equal(first.samples, model.decode_mean(model.sample_prior(200, generator=noise)).detach())


@precisions
def test_two_runs_of_one_config_are_equal_and_another_seed_is_not(
    small: VAEConfig, fake_digits: Dataset, precision: str
) -> None:
    config = configured(small, steps=60, precision=precision)
    first, second = (trained(config, fake_digits) for _ in range(2))
    assert same_state(states(first)[60], states(second)[60])
    terms = [[event.terms for event in events if isinstance(event, Measured)] for events in (first, second)]
    assert terms[0] == terms[1]
    other = states(trained(configured(small, steps=60, precision=precision, seed=1), fake_digits))
    assert not same_state(states(first)[60]["model"], other[60]["model"])


@precisions
def test_a_resumed_training_equals_an_uninterrupted_one(small: VAEConfig, fake_digits: Dataset, precision: str) -> None:
    config = configured(small, steps=1037, precision=precision)
    whole = states(trained(config, fake_digits, save_seconds=math.inf))
    assert sorted(whole) == [0, 1000, 1037]
    assert same_state(states(trained(config, fake_digits, resume=whole[1000]))[1037], whole[1037])


@pytest.mark.parametrize("step", [0, 23, 28], ids=["at the start", "within an epoch", "between two epochs"])
def test_a_training_resumes_from_where_it_was_stopped(small: VAEConfig, fake_digits: Dataset, step: int) -> None:
    config = configured(small, steps=60)
    stopped = states(trained(config, fake_digits, steering=StopAfter(step)))[step]
    resumed = states(trained(config, fake_digits, resume=stopped))
    assert same_state(resumed[60], states(trained(config, fake_digits))[60])


def test_a_kept_state_does_not_change_while_training_goes_on(small: VAEConfig, fake_digits: Dataset) -> None:
    config = configured(small, steps=60)
    start = states(trained(config, fake_digits, steering=StopAfter(23)))[23]
    first = states(trained(config, fake_digits, resume=start))
    again = states(trained(config, fake_digits, resume=start))
    assert same_state(first[60], again[60])


def test_training_leaves_the_default_generator_untouched(small: VAEConfig, fake_digits: Dataset) -> None:
    before = torch.get_rng_state()
    trained(configured(small, steps=3), fake_digits)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("steps", [0, 1, 19])
def test_a_stop_ends_it_before_the_next_step_and_keeps_the_state(
    small: VAEConfig, fake_digits: Dataset, steps: int
) -> None:
    events = trained(configured(small, steps=60), fake_digits, steering=StopAfter(steps))
    assert isinstance(events[-1], Saved)
    assert events[-1].step == steps
    assert events[-1].state["step"] == steps


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Tensor, Tensor, Tensor]]:
    """Listens to every draw of the training: grey images, pixels, and the generator's state after it."""
    heard = []

    def listening(grey: Tensor, generator: torch.Generator) -> Tensor:
        x = draw_pixels(grey, generator)
        if len(grey):  # a VAE has no labelled images
            heard.append((grey, x, generator.get_state()))
        return x

    monkeypatch.setattr(pixels, "draw_pixels", listening)
    return heard


def test_an_epoch_shows_every_image_once_and_ends_with_a_small_batch(
    small: VAEConfig, fake_digits: Dataset, batches: list[tuple[Tensor, Tensor, Tensor]]
) -> None:
    trained(configured(small, steps=28), fake_digits)
    grey = [seen for seen, *_ in batches[-28:]]
    assert [len(batch) for batch in grey] == ([7] * 13 + [6]) * 2
    first, second = torch.cat(grey[:14]), torch.cat(grey[14:])
    everything = sorted(fake_digits.train.images.tolist())
    assert sorted(first.tolist()) == sorted(second.tolist()) == everything
    assert not torch.equal(first, second)


def test_pixels_are_drawn_anew_at_every_step(
    small: VAEConfig, fake_digits: Dataset, batches: list[tuple[Tensor, Tensor, Tensor]]
) -> None:
    trained(TrainConfig.from_preset("vae", model=small, steps=2, batch_size=1000), fake_digits)
    first, second = [pixels[grey[:, 0].argsort(stable=True)] for grey, pixels, _ in batches[-2:]]
    assert not torch.equal(first, second)


def test_each_step_is_adam_on_the_batch_mean_of_the_nelbo(
    small: VAEConfig, fake_digits: Dataset, batches: list[tuple[Tensor, Tensor, Tensor]]
) -> None:
    """The same steps in plain torch: Adam with its defaults, mean of KL + reconstruction."""
    events = trained(configured(small, steps=19, precision="float32"), fake_digits)
    model = vae.FAMILY.fresh(small, seed=0)
    adam = torch.optim.Adam(model.parameters(), lr=1e-3)
    for _, x, generator_state in batches[-19:]:
        noise = torch.Generator()
        noise.set_state(generator_state)
        terms = model.elbo_terms(x, generator=noise)
        adam.zero_grad()
        (terms.kl + terms.rec).mean().backward()
        adam.step()
    torch.testing.assert_close(dict(model.state_dict()), states(events)[19]["model"], atol=1e-6, rtol=1e-5)


def test_black_is_never_drawn_white_nor_white_black() -> None:
    """Under seed 3, eight million uniform draws meet both ends of their range: 0 and the float below 1."""
    for grey in (0, 255):
        images = torch.full((2**23,), grey, dtype=torch.uint8)
        x = draw_pixels(images, torch.Generator().manual_seed(3))
        assert x.unique().tolist() == [grey / 255]


def test_pixels_are_bernoulli_draws_of_their_grey_values() -> None:
    grey = torch.tensor([1, 128, 254], dtype=torch.uint8)
    x = draw_pixels(grey.expand(200_000, 3), torch.Generator().manual_seed(0))
    assert x.dtype == torch.float32
    assert x.unique().tolist() == [0, 1]
    for mean, p in zip(x.mean(0).tolist(), (grey / 255).tolist(), strict=True):
        assert mean == pytest.approx(p, abs=4 * math.sqrt(p * (1 - p) / 200_000))


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_weight_that_is_no_number_ends_the_training_and_is_never_kept(
    small: VAEConfig, fake_digits: Dataset, value: float
) -> None:
    config = configured(small, steps=60)
    state = states(trained(config, fake_digits, steering=StopAfter(5)))[5]
    state["model"]["dec.net.4.bias"][3] = value
    events: list[Event] = []
    with pytest.raises(TrainingDiverged, match="by step 50: start again with a lower learning rate"):
        events.extend(train(config, fake_digits, resume=state))  # keeps what came before the error
    assert not states(events)


def plain_colours(count: int, seed: int) -> Images:
    """Pictures of one colour each."""
    colours = torch.randint(0, 256, (count, 3, 1), generator=torch.Generator().manual_seed(seed), dtype=torch.uint8)
    return Images(colours.expand(count, 3, 1024).flatten(1), torch.arange(count) % 10)


@pytest.mark.parametrize("name", PRESETS)
def test_every_presets_recipe_learns_in_its_first_steps(name: str) -> None:
    if family_of(name).images == "colour":
        data = Dataset("svhn", {"train": plain_colours(97, seed=0), "test": plain_colours(23, seed=1)}.__getitem__)
        narrow = {"channels": (3, 5, 7), "width": 11} if name == "fsvae-conv" else {"hidden": (11, 13)}
        config = TrainConfig.from_preset(name, steps=60, data="svhn", model=narrow)
    else:
        data = load_dataset("mnist-sample")
        config = TrainConfig.from_preset(name, steps=60)
    events = trained(config, data)
    held_out = [event.terms["nelbo"] for event in events if isinstance(event, Measured) and event.split == "held-out"]
    assert len(held_out) == 2
    if config.model.learns_from_labels_alone:
        training = [event for event in events if isinstance(event, Measured) and event.split == "train"]
        losses = [event.terms["cross_entropy"] for event in training]
        assert losses[-1] < 0.6 * math.log(10)
    else:
        assert held_out[1] < 0.6 * held_out[0]
