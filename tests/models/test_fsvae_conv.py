import pytest
import torch
import torch.nn.functional as F

from models import fsvae_conv
from models.contract import Batch
from models.fsvae_conv import ConvFSVAE, ConvFSVAEConfig

CONFIG = ConvFSVAEConfig(z=5, channels=(3, 4, 6), width=11, pixels=3 * 16 * 16, leak_weight=7.0, content_weight=0.0)


def build(config: ConvFSVAEConfig) -> ConvFSVAE:
    fresh: ConvFSVAE = fsvae_conv.FAMILY.fresh(config, seed=0)
    return fresh


@pytest.fixture
def batch() -> Batch:
    x = torch.rand(13, 768, generator=torch.Generator().manual_seed(0))
    y = torch.arange(13) % 10
    return Batch(x, y, x[:0], y[:0])


def gradients(config: ConvFSVAEConfig, batch: Batch) -> dict[str, torch.Tensor]:
    model = build(config)
    model.objective(batch, generator=torch.Generator().manual_seed(1)).loss.backward()
    return {name: value.grad for name, value in model.named_parameters() if value.grad is not None}


def test_a_side_that_cannot_be_halved_is_refused() -> None:
    with pytest.raises(ValueError, match="halves 3 times"):
        ConvFSVAEConfig(pixels=3 * 12 * 12)


def test_the_nelbo_it_reports_is_the_plain_one(batch: Batch) -> None:
    model = build(CONFIG)
    reported = model.objective(batch, generator=torch.Generator().manual_seed(1)).reported
    terms = model.given(batch.y).elbo_terms(batch.x, generator=torch.Generator().manual_seed(1)).means()
    assert list(reported) == ["nelbo", "kl", "rec", "leak", "content"]
    for name, value in terms.items():
        torch.testing.assert_close(reported[name], value)


def test_the_adversary_learns_to_read_the_digit_and_the_encoder_to_hide_it(batch: Batch) -> None:
    """Against the gradient of the leak's own cross-entropy: the same for the adversary, turned round and weighted
    for the encoder."""
    plain, weighted = gradients(CONFIG.model_copy(update={"leak_weight": 0.0}), batch), gradients(CONFIG, batch)
    model = build(CONFIG)
    F.cross_entropy(model._read_style(model.given(batch.y).posterior(batch.x).mean), batch.y).backward()
    for name, value in model.named_parameters():
        if name.startswith("leak."):
            torch.testing.assert_close(weighted[name], value.grad)
        if name.startswith("enc."):
            assert value.grad is not None
            torch.testing.assert_close(weighted[name] - plain[name], -7 * value.grad, rtol=1e-3, atol=1e-3)


def test_the_reader_learns_from_real_images_seen_through_noise_and_only_the_decoder_from_the_reader(
    batch: Batch,
) -> None:
    without, with_content = (
        gradients(CONFIG, batch),
        gradients(CONFIG.model_copy(update={"content_weight": 9.0}), batch),
    )
    changed = {name.partition(".")[0] for name in without if not torch.equal(without[name], with_content[name])}
    assert changed == {"dec"}
    model = build(CONFIG)
    generator = torch.Generator().manual_seed(1)
    torch.randn(13, 5, generator=generator)  # what the styles are drawn with
    noise = torch.randn(13, 768, generator=generator)
    F.cross_entropy(model.reader(batch.x + CONFIG.variance**0.5 * noise), batch.y).backward()
    for name, value in model.reader.named_parameters():
        torch.testing.assert_close(with_content[f"reader.{name}"], value.grad)


def test_the_digit_steers_every_layer_of_the_decoder() -> None:
    model = build(CONFIG)
    latents = model.latents(torch.zeros(10, 5), torch.arange(10))
    assert len(model.decode_mean(latents).unique(dim=0)) == 10
    for film in model.dec.film:
        assert film(torch.eye(10)).unique(dim=0).shape[0] == 10


def test_diagnosis_redraws_each_image_as_the_next_ones_digit(batch: Batch) -> None:
    model = build(CONFIG)
    found = model.diagnose(batch)
    drawn = model.decode_mean(model.latents(model.given(batch.y).posterior(batch.x).mean, batch.y.roll(-1)))
    expected = (model.reader(drawn).argmax(1) == batch.y.roll(-1)).float().mean().item()
    assert list(found) == ["leak_accuracy", "content_accuracy"]
    assert found["content_accuracy"] == pytest.approx(expected)
