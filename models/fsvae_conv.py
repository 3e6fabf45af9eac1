"""A convolutional FSVAE whose training keeps the digit out of the style: this project's own, not the homework's.

The same model as the FSVAE, p(z) p(x|z, y), with networks that see the image as an image. They are strong enough to put
the digit into z, where the ELBO hardly forbids it: at most ln 10 = 2.3 nats of KL, against hundreds of reconstruction.
A decoder that finds the digit in z stops listening to y, and a swapped y changes nothing. So training minimises

    NELBO + leak_weight * leak + content_weight * content

    leak     how well an adversary, a small network, predicts the digit from the mean of z. It minimises its
             cross-entropy; the encoder, through a reversed gradient, maximises it (Ganin & Lempitsky 2015; Lample et
             al. 2017). At best q(z|y) is the same for every digit: then a style with another digit's y is a pair as
             common as a real one, and the decoder has learned to draw it.
    content  how well a classifier, which learns from the real images beside the model, recognises y' in images
             drawn with styles of this batch, or in one half of them of the prior, and the digits y' of others. Only the
             decoder learns from it. The classifier sees every image through the noise of p(x|z, y): a digit must
             stand out from it to be read.

Both are cross-entropies in nats; neither is part of the ELBO, which is reported as it is.
"""

from math import isqrt
from typing import Annotated, Any, final

import torch
import torch.nn.functional as F
from jaxtyping import Float
from pydantic import Field, field_validator
from torch import Tensor, nn

from models.blocks.conditional import (
    CHANNELS,
    CONDITIONAL_NELBO,
    GRAPH,
    NELBO_OF_A_PAIR,
    SAMPLING,
    ConditionalConfig,
    ConditionalVAE,
)
from models.blocks.distributions import at_least_float32, sample_gaussian
from models.blocks.networks import MLP
from models.contract import Batch, ElboTerms, Objective
from models.description import latex
from models.description.terms import KL, NELBO, REC, Term
from models.family import Family, Preset, SizeOfZ

__all__ = ["FAMILY", "ConvFSVAE", "ConvFSVAEConfig"]

Channels = Annotated[int, Field(ge=1, le=1024)]
HALVINGS = 3  # as many as there are numbers of channels
STANDARD_FLOOR = 0.05  # a dimension whose means hardly differ says little to the adversary, as to the decoder


class ConvFSVAEConfig(ConditionalConfig):
    """Sizes and loss weights of a convolutional FSVAE."""

    z: SizeOfZ = 32
    channels: tuple[Channels, Channels, Channels] = Field(
        (32, 64, 128), description="channels at a half, a quarter and an eighth of the image's side"
    )
    width: Channels = Field(256, description="hidden units between the images' features and z, and of the adversary")
    leak_weight: float = Field(
        20.0,
        ge=0,
        le=1e6,
        title="Weight of the adversary",
        description="Weight of the adversary that predicts the digit from z. With 0 z may hold the digit.",
    )
    content_weight: float = Field(
        10.0,
        ge=0,
        le=1e6,
        title="Weight of the classifier",
        description="Weight of the cross-entropy of a classifier that reads swapped digits through noise.",
    )

    @field_validator("pixels")
    @classmethod
    def _halves(cls, pixels: int) -> int:
        if isqrt(pixels // CHANNELS) % 2**HALVINGS:
            raise ValueError(f"should have a side that halves {HALVINGS} times, such as 32 in 3072 = 3 x 32 x 32")
        return pixels

    @property
    def side(self) -> int:
        return isqrt(self.pixels // CHANNELS)

    @property
    def features(self) -> int:
        """Numbers that the convolutions leave of an image."""
        return self.channels[-1] * (self.side // 2**HALVINGS) ** 2


class Downwards(nn.Module):
    """Convolutions that halve the side again and again, then a small MLP that may take more inputs.

    Images (batch, pixels), channel by channel, and (batch, extra) -> (batch, outputs).
    """

    def __init__(self, config: ConvFSVAEConfig, extra: int, outputs: int) -> None:
        super().__init__()
        self.shape = (CHANNELS, config.side, config.side)
        layers: list[nn.Module] = []
        for inputs, channels in zip((CHANNELS, *config.channels), config.channels, strict=False):
            layers += [nn.Conv2d(inputs, channels, 4, stride=2, padding=1), nn.ELU()]
        self.conv = nn.Sequential(*layers)
        self.head = MLP((config.features + extra, config.width, outputs))

    def forward(self, x: Tensor, *extra: Tensor) -> Tensor:
        features = self.conv(x.unflatten(-1, self.shape)).flatten(1)
        output: Tensor = self.head(torch.cat([features, *extra], -1))
        return output


class Upwards(nn.Module):
    """The way back: an MLP, then convolutions that double the side, each steered by the digit.

    (..., z) and one-hot digits (..., y) -> means of the colour values (..., pixels). After each layer the digit scales
    and shifts every channel (FiLM, Perez et al. 2018), so that it acts at every size of stroke.
    """

    def __init__(self, config: ConvFSVAEConfig) -> None:
        super().__init__()
        side = config.side // 2**HALVINGS
        widths = config.channels[::-1]
        self.shape = (widths[0], side, side)
        self.head = MLP((config.z + config.y, config.width, config.features))
        self.conv = nn.ModuleList(
            nn.ConvTranspose2d(inputs, outputs, 4, stride=2, padding=1)
            for inputs, outputs in zip(widths, (*widths[1:], CHANNELS), strict=True)
        )
        self.film = nn.ModuleList(nn.Linear(config.y, 2 * channels, bias=False) for channels in widths)

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        rows = z.shape[:-1]
        z, y = z.flatten(0, -2), y.flatten(0, -2)
        h = self.head(torch.cat([z, y], -1)).unflatten(-1, self.shape)
        for conv, film in zip(self.conv, self.film, strict=True):
            scale, shift = film(y)[..., None, None].chunk(2, 1)
            h = conv(F.elu(h * (1 + scale) + shift))
        return h.flatten(1).unflatten(0, rows)


class Reversed(torch.autograd.Function):
    """The identity, whose gradient is turned round and scaled."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: float) -> Tensor:
        ctx.weight = weight
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return -ctx.weight * gradients[0], None


@final
class ConvFSVAE(ConditionalVAE):
    """An FSVAE of convolutions with an adversary (`leak`) and a classifier (`reader`), which only training needs."""

    config: ConvFSVAEConfig

    def __init__(self, config: ConvFSVAEConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or ConvFSVAEConfig()
        self.enc = Downwards(config, config.y, 2 * config.z)
        self.dec = Upwards(config)
        self.leak = MLP((config.z, config.width, config.width, config.y))
        self.reader = Downwards(config, 0, config.y)
        self.set_standard_normal()

    def infer(self, x: Float[Tensor, "batch pixels"], y: Float[Tensor, "batch y"]) -> Float[Tensor, "batch twice_z"]:
        """The encoder's output for images and one-hot digits."""
        output: Tensor = self.enc(x, y)
        return output

    def decode(self, z: Float[Tensor, "*rows z"], y: Float[Tensor, "*rows y"]) -> Float[Tensor, "*rows pixels"]:
        """Means of the colour values, not clipped, of styles and one-hot digits."""
        return at_least_float32(self.dec(z, y))

    def objective(self, batch: Batch, *, generator: torch.Generator | None = None) -> Objective:
        """NELBO + leak_weight * leak + content_weight * content, batch mean; the NELBO reported is the plain one."""
        given = self.given(batch.y)
        q = given.posterior(batch.x)
        z = sample_gaussian(*q, generator)
        terms = ElboTerms(kl=given.kl(q, z), rec=-given.log_likelihood(batch.x, z))
        adversary = F.cross_entropy(self._read_style(Reversed.apply(q.mean, self.config.leak_weight)), batch.y)
        reading = F.cross_entropy(at_least_float32(self.reader(self._through_noise(batch.x, generator))), batch.y)
        others = batch.y[torch.randperm(len(batch.y), generator=generator, device=z.device)]
        imagined = self.sample_style(len(z) - len(z) // 2, generator=generator)
        swapped = self.decode(torch.cat([z.detach()[: len(z) // 2], imagined]), self.one_hot(others))
        fixed = {name: value.detach() for name, value in self.reader.named_parameters()}
        seen = torch.func.functional_call(self.reader, fixed, (self._through_noise(swapped, generator),))
        content = F.cross_entropy(at_least_float32(seen), others)
        loss = terms.weighted(self.kl_weight).mean() + adversary + reading + self.config.content_weight * content
        return Objective(loss, {**terms.means(), "leak": adversary.detach(), "content": content.detach()})

    def diagnose(self, held_out: Batch) -> dict[str, float]:
        """How often the adversary finds the digit in z, and the classifier the wanted digit in swaps: held-out images.

        Each image is redrawn as the digit of the image after it. Both networks took part in the training, so an
        independent classifier and probe have the last word.
        """
        x, y = held_out.x, held_out.y
        mean, wanted = self.given(y).posterior(x).mean, y.roll(-1)
        swapped = self.decode_mean(self.latents(mean, wanted))
        return {
            "leak_accuracy": float((self._read_style(mean).argmax(-1) == y).float().mean()),
            "content_accuracy": float((self.reader(swapped).argmax(-1) == wanted).float().mean()),
        }

    def _through_noise(self, mean: Tensor, generator: torch.Generator | None) -> Tensor:
        """Images of p(x|z, y) whose mean this is: the shape of `mean`."""
        return sample_gaussian(mean, mean.new_tensor(self.config.variance), generator)

    def _read_style(self, mean: Tensor) -> Tensor:
        """The adversary's logits (batch, y) from means of z (batch, z), each dimension standardised over the batch."""
        standard = (mean - mean.mean(0)) / (mean.std(0, correction=0) + STANDARD_FLOOR)
        return at_least_float32(self.leak(standard))


CONTENT = Term(
    name="content",
    label="Content",
    role="accuracy",
    unit="nats",
    chart="classifiers",
    help="Cross-entropy of a classifier that predicts the wanted digit from swapped images, seen through the model's "
    "own noise. A blind guess has ln 10 = 2.30; the decoder learns to bring it down.",
    chart_title="**Classifier and adversary**: of the digit in swaps, and of the digit in z",
)
LEAK = Term(
    name="leak",
    label="Leak",
    role="kl_y",
    unit="nats",
    chart="classifiers",
    help="Cross-entropy of the adversary, which predicts the digit from the style z. The encoder learns to keep it "
    "high: on SVHN 2.24 is what a z without the digit gives, for then only the shares of the digits are known.",
)
CONTENT_ACCURACY = Term(
    name="content_accuracy",
    label="Content accuracy",
    role="accuracy",
    unit="%",
    chart="predicted",
    help="How often the classifier that is trained with the model predicts the wanted digit from swapped images.",
    short="Content",
    chart_title="**Predicted rightly**: the digit in swaps, the digit in z",
)
LEAK_ACCURACY = Term(
    name="leak_accuracy",
    label="Leak accuracy",
    role="kl_y",
    unit="%",
    chart="predicted",
    help="How often the adversary predicts the digit from z. On SVHN always naming the commonest digit is right for "
    "19.6%.",
    short="Leak",
)


def _loss(config: ConvFSVAEConfig) -> str:
    """What the encoder and the decoder minimise, beside an adversary a and a classifier r that learn on their own."""
    adversary = r"\term{kl_y}{\mathbb{E}\bigl[-\log a(y\mid z)\bigr]}"
    classifier = r"\term{accuracy}{\mathbb{E}\bigl[-\log r(y'\mid x')\bigr],\quad x'\sim p(x\mid z, y')}"
    return latex.loss((1.0, NELBO_OF_A_PAIR), (-config.leak_weight, adversary), (config.content_weight, classifier))


FAMILY = Family(
    name="fsvae-conv",
    title="convolutional FSVAE",
    sentence="The FSVAE with convolutions: training keeps the digit y out of the style z.",
    config=ConvFSVAEConfig,
    model=ConvFSVAE,
    presets=(
        Preset(
            name="fsvae-conv",
            summary="Our own convolutional FSVAE: a style of 32 dimensions that an adversary keeps free of the digit.",
            model=ConvFSVAEConfig(variance=0.05),
            steps=38_000,
            cooldown=0.25,
        ),
    ),
    graph=GRAPH,
    sampling=SAMPLING,
    nelbo=CONDITIONAL_NELBO,
    loss=_loss,
    terms=(NELBO, KL, REC, CONTENT, LEAK, CONTENT_ACCURACY, LEAK_ACCURACY),
    images="colour",
)
