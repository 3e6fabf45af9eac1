"""How well a conditional model keeps content, the digit y, and style, its z, apart: numbers from real images.

    content_accuracy  the share of swapped images in which a classifier reads the digit that was asked for
    content_ceiling   the same classifier's accuracy on the images as they are: it errs on real digits too
    style_leak        the accuracy of a nonlinear probe, a small MLP, that reads the digit from the mean of z, on images
                      that it was not fitted to. A better probe may find more: it is what leaks at least
    style_leak_linear the same of a linear probe, which misses a digit that lies in z in another form
    chance            the share of the commonest digit among those images: what a z without any digit gives
    style_kept        how the mean colour and the border pixels of an image go together with those of its swaps: the
                      mean of the two correlations
    nelbo, kl, rec    the terms of the ELBO, in nats an image: what the same model is worth as a model of images
    squared_error     the mean squared difference of an image and its reconstruction, per colour value in 0..1

A swap is an image's own style, the mean of q(z|x, y), drawn with another digit. Every number has its standard error
over the images: how far it would move on as many other images. An evaluation set's own errors are Monte-Carlo ones,
see `training.evaluation.bounds`, and far smaller.
"""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from models.blocks.networks import MLP
from models.contract import Conditional
from training.data.datasets import Dataset
from training.evaluation.bounds import SetReport, error_over_images
from training.pictures.styles import DIGITS, image_styles

__all__ = ["Disentanglement", "linear_probe_accuracy", "measure_disentanglement", "probe_accuracy", "style_kept"]

SWAPS = 10_000
PROBE_IMAGES = 13_000
PROBE_WIDTH, PROBE_EPOCHS, PROBE_BATCH = 64, 20, 250
PROBE_RATE, PROBE_DECAY = 2e-3, 0.1
PROBE_PENALTY = 1e-4
PROBE_ITERATIONS = 200
AT_ONCE = 500


@dataclass(frozen=True)
class Disentanglement:
    """The numbers with their standard errors over the images (`Spread.IMAGES`).

    `content_accuracy` and its ceiling are None where no classifier was at hand. `images` were swapped, and the ceiling
    is of the same; the probes are fitted to 13,000 test images, or to half of fewer, and tested on the others; NELBO,
    its terms and the squared error are of every test image.
    """

    images: int
    content_accuracy: float | None
    content_accuracy_se: float | None
    content_ceiling: float | None
    style_leak: float
    style_leak_se: float
    style_leak_linear: float
    style_leak_linear_se: float
    chance: float
    style_kept: float
    style_kept_se: float
    nelbo: float
    nelbo_se: float
    kl: float
    kl_se: float
    rec: float
    rec_se: float
    squared_error: float | None
    squared_error_se: float | None

    def as_json(self) -> dict[str, float | None]:
        """The numbers by name."""
        return asdict(self)


def measure_disentanglement(
    model: Conditional,
    dataset: Dataset,
    read: Callable[[Tensor], Tensor] | None,
    report: SetReport,
    *,
    seed: int = 0,
) -> Disentanglement:
    """Measure a model on a data set's test images.

    The probes too are fitted to test images: codes of images that the encoder was trained on are distributed
    otherwise, and a probe fitted to them finds less in others.

    Arguments:
        read: gives the digits (n,) of images (n, pixels) in 0..1; without it there is no content accuracy.
        report: of the model on all test images.
        seed: of the choice of images, of the digits asked for (each of the other nine is as likely), of the probe.

    Raises:
        UserError: the images have another size than the model's.
    """
    noise = torch.Generator().manual_seed(seed)
    test = dataset.test
    test_styles = image_styles(model, test)
    chosen = torch.randperm(len(test), generator=noise)[:SWAPS]
    asked = (test.labels[chosen] + torch.randint(1, DIGITS, (len(chosen),), generator=noise)) % DIGITS
    swapped = _draw(model, test_styles[chosen], asked)
    originals = test.images[chosen].float() / 255
    right = ceiling = None
    if read is not None:
        right = torch.cat([read(block) for block in swapped.split(AT_ONCE)]) == asked
        found = torch.cat([read(block) for block in originals.split(AT_ONCE)])
        ceiling = float((found == test.labels[chosen]).float().mean())
    order = torch.randperm(len(test), generator=noise)
    fitted, tested = order.tensor_split([min(PROBE_IMAGES, len(test) // 2)])
    codes = (test_styles[fitted], test.labels[fitted], test_styles[tested], test.labels[tested])
    leak, linear = probe_accuracy(*codes, seed=seed), linear_probe_accuracy(*codes)
    kept = style_kept(originals, swapped)
    return Disentanglement(
        images=len(chosen),
        content_accuracy=None if right is None else float(right.float().mean()),
        content_accuracy_se=None if right is None else _share_error(float(right.float().mean()), len(chosen)),
        content_ceiling=ceiling,
        style_leak=leak,
        style_leak_se=_share_error(leak, len(tested)),
        style_leak_linear=linear,
        style_leak_linear_se=_share_error(linear, len(tested)),
        chance=int(test.labels[tested].bincount().max()) / len(tested),
        style_kept=kept,
        style_kept_se=(1 - kept**2) / math.sqrt(max(len(chosen) - 1, 1)),
        nelbo=report.nelbo,
        nelbo_se=error_over_images(report.nelbo_each),
        kl=report.kl,
        kl_se=error_over_images(report.terms_each["kl"]),
        rec=report.rec,
        rec_se=error_over_images(report.terms_each["rec"]),
        squared_error=report.squared_error,
        squared_error_se=None if report.squared_error is None else error_over_images(report.squared_error_each),
    )


def probe_accuracy(train: Tensor, train_labels: Tensor, test: Tensor, test_labels: Tensor, *, seed: int = 0) -> float:
    """The test accuracy of a small MLP: two hidden layers, AdamW, its rate falling along a cosine; some seconds.

    Arguments:
        train, test, train_labels, test_labels: as for `linear_probe_accuracy`.
        seed: of its weights and of the order of the images.
    """
    centre, spread = train.mean(0), train.std(0) + 1e-8
    features, noise = (train - centre) / spread, torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        probe = MLP((train.shape[1], PROBE_WIDTH, PROBE_WIDTH, DIGITS))
    optimiser = torch.optim.AdamW(probe.parameters(), lr=PROBE_RATE, weight_decay=PROBE_DECAY)
    batches = [
        batch for _ in range(PROBE_EPOCHS) for batch in torch.randperm(len(train), generator=noise).split(PROBE_BATCH)
    ]
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, len(batches))
    for batch in batches:
        optimiser.zero_grad()
        F.cross_entropy(probe(features[batch]), train_labels[batch]).backward()
        optimiser.step()
        schedule.step()
    with torch.inference_mode():
        predicted = probe((test - centre) / spread).argmax(-1)
    return float((predicted == test_labels).float().mean())


def linear_probe_accuracy(train: Tensor, train_labels: Tensor, test: Tensor, test_labels: Tensor) -> float:
    """The test accuracy of multinomial logistic regression, fitted to the optimum of its convex loss.

    Arguments:
        train, test: features (n, d) and (m, d), which are standardised by the mean and deviation of `train`.
        train_labels, test_labels: int64 (n,) and (m,), digits.
    """
    centre, spread = train.mean(0), train.std(0) + 1e-8
    features = (train - centre) / spread
    weight = torch.zeros(DIGITS, train.shape[1], requires_grad=True)
    bias = torch.zeros(DIGITS, requires_grad=True)
    optimiser = torch.optim.LBFGS([weight, bias], max_iter=PROBE_ITERATIONS, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimiser.zero_grad()
        value = F.cross_entropy(F.linear(features, weight, bias), train_labels)
        value = value + PROBE_PENALTY * weight.square().sum()
        value.backward()
        return value

    optimiser.step(loss)
    with torch.inference_mode():
        predicted = F.linear((test - centre) / spread, weight, bias).argmax(-1)
    return float((predicted == test_labels).float().mean())


def style_kept(originals: Tensor, swapped: Tensor) -> float:
    """The mean of two correlations over image pairs (n, 3 * side * side): of the mean colours, of the border pixels."""
    side = math.isqrt(originals.shape[1] // 3)
    border = torch.ones(side, side, dtype=torch.bool)
    border[1:-1, 1:-1] = False
    pictures = [images.view(-1, 3, side, side) for images in (originals, swapped)]
    colours = _correlation(*(picture.mean((-2, -1)) for picture in pictures))
    borders = _correlation(*(picture[..., border] for picture in pictures))
    return (colours + borders) / 2


def _correlation(one: Tensor, other: Tensor) -> float:
    """Pearson's, over all values of two tensors of one shape; 0 where one of them never varies."""
    pair = torch.stack([one.flatten(), other.flatten()]).double()
    if bool((pair.std(1) == 0).any()):
        return 0.0
    return float(torch.corrcoef(pair)[0, 1])


@torch.inference_mode()
def _draw(model: Conditional, styles: Tensor, digits: Tensor) -> Tensor:
    blocks = zip(styles.split(AT_ONCE), digits.split(AT_ONCE), strict=True)
    return torch.cat([model.decode_mean(model.latents(z, y)) for z, y in blocks])


def _share_error(share: float, count: int) -> float:
    return math.sqrt(share * (1 - share) / count)
