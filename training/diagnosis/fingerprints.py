"""Known mistakes of homework code, recognised by their traces in the weights and in the numbers.

Each finding is a sentence that names the mistake, the numbers that show it, their threshold, and the line to look at.
"""

import copy
import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.contract import density_of
from training.checkpoints.reading import Checkpoint
from training.evaluation.bounds import SetReport

__all__ = ["READINGS", "of_numbers", "of_printout", "of_variance", "variance_readings"]

FEW_PASSES = 10
UNTRAINED = 0.9  # of the coin flips' NELBO
CLASSIFIES = 0.3  # accuracy, where a blind guess has 0.1
COLLAPSED = 1.0  # nats of KL
LARGE_KL = 2.5  # times the usual one
NATS = 1.0  # what a reading must gain to be reported
NEAR_USUAL = 3.0  # nats: how near the usual NELBO a right reading comes
COIN_FLIPS = 784 * math.log(2)

READINGS: dict[str, Callable[[Tensor], Tensor]] = {
    "softplus(h)": F.softplus,
    "exp(h)": lambda h: h.clamp(max=30).exp(),
    "exp(2h)": lambda h: (2 * h).clamp(max=30).exp(),
    "softplus(h)²": lambda h: F.softplus(h).square(),
}
_MEANINGS = {
    "exp(h)": "as the variance's logarithm",
    "exp(2h)": "as the standard deviation's logarithm",
    "softplus(h)²": "as a standard deviation",
}


@torch.inference_mode()
def variance_readings(checkpoint: Checkpoint, images: Tensor, digits: Tensor | None = None) -> dict[str, float]:
    """A model's NELBO on images, (n, pixels), for each way to make variances of the encoder's second half.

    The homework's is softplus(h) + 1e-8. A GMVAE's prior is read the same way as its encoder. Every reading meets the
    same noise; in nats, mean of 10 passes.
    """
    return {name: _nelbo_read_as(checkpoint, reading, images, digits) for name, reading in READINGS.items()}


def of_variance(nelbos: Mapping[str, float], usual: float) -> str | None:
    """What `variance_readings` shows, if another reading than the homework's fits, and the homework's does not.

    A code whose dimensions are all in use has variances so small that softplus(h) and exp(h) agree: then the mistake
    leaves no trace, and does no harm. A weight on the KL shifts all variances too, but no reading mends that.

    Arguments:
        usual: the NELBO of a model of this family on these images.
    """
    own, best = nelbos["softplus(h)"], min(nelbos, key=nelbos.__getitem__)
    if own - nelbos[best] <= NATS or nelbos[best] > usual + NEAR_USUAL:
        return None
    return (
        f"The encoder's second half seems to have been trained {_MEANINGS[best]}: read as {best} the NELBO is "
        f"{nelbos[best]:.2f} nats, read as the homework does, variance = softplus(h) + 1e-8, it is {own:.2f}, more "
        f"than {NATS:g} nat above. Look at `gaussian_parameters`, and at every place that takes a square root or a "
        "logarithm of its result."
    )


def of_numbers(report: SetReport, accuracy: float | None, usual: Mapping[str, float] | None) -> list[str]:
    """What the numbers of a model of binary images show.

    Arguments:
        report: on the homework set, or another of binary images.
        accuracy: of its classifier, 0..1, if it has one and it was measured.
        usual: nelbo, kl and rec of the shipped model of this family on the same set.
    """
    found = []
    kl_y = report.terms.get("kl_y")
    if report.nelbo > UNTRAINED * COIN_FLIPS and kl_y is not None and (kl_y > 1 or (accuracy or 0) > CLASSIFIES):
        found.append(
            f"The NELBO is {report.nelbo:.0f} nats, as of an untrained model, but the classifier is trained: KL_y is "
            f"{kl_y:.2f}. That is right for a training on the labelled images alone (weight 0 of the NELBO): encoder "
            "and decoder never learned."
        )
    elif report.nelbo > UNTRAINED * COIN_FLIPS:
        found.append(
            f"The NELBO is {report.nelbo:.0f} nats, above {UNTRAINED * COIN_FLIPS:.0f}: an untrained model has about "
            f"{COIN_FLIPS:.0f}, 784 pixels of ln 2. Was it saved before the training, or is it another model than the "
            "trained one?"
        )
    elif report.kl < COLLAPSED:
        found.append(
            f"The KL is {report.kl:.2f} nats, below {COLLAPSED:g}: the code says nothing of the image, and every "
            "reconstruction is the same. Four causes are common: a KL weight far above 1 (or a KL that is counted "
            "twice); a reconstruction that is a mean over the pixels and not their sum; a sample z that passes no "
            "gradient (`.sample()`, `.detach()`, numpy); an encoder that died, as with too high a learning rate."
        )
    if accuracy is not None and kl_y is not None and accuracy < CLASSIFIES and kl_y < 1:
        found.append(
            f"The classifier is right for {accuracy:.0%} (below {CLASSIFIES:.0%}) and KL_y is {kl_y:.2f} (below 1; a "
            "trained one has 2.29), whatever the NELBO: images and labels are paired in the wrong order. Look at the "
            "reshape of the block of ten copies: `duplicate` puts copy after copy, so it is (10, batch), not (batch, "
            "10)."
        )
    if usual is not None and report.kl > LARGE_KL * usual["kl"] and report.rec < usual["rec"]:
        found.append(
            f"The KL is {report.kl:.1f} nats, {report.kl / usual['kl']:.1f} times the usual {usual['kl']:.1f} "
            f"(above {LARGE_KL:g} times), and the reconstruction term {report.rec:.1f} is below the usual "
            f"{usual['rec']:.1f}: it was trained without the KL, or with a KL weight far below 1."
        )
    return found


def of_printout(printed: Mapping[str, float], report: SetReport) -> list[str]:
    """What the numbers that somebody's own code printed show, compared with ours for the same weights and images.

    Arguments:
        printed: any of "nelbo", "kl", "rec", and "niwae-m" for m such as 1, 10, 100, in nats.
    """
    found = []
    bounds = {int(name.removeprefix("niwae-")): value for name, value in printed.items() if name.startswith("niwae-")}
    ours = {m: value for m, value in report.niwae.items() if m in bounds}
    rising = [
        m for before, m in zip(sorted(bounds), sorted(bounds)[1:], strict=False) if bounds[m] > bounds[before] + 0.2
    ]
    several = [m for m in ours if m > 1]
    if several and all(_near(bounds[m], ours[m] - math.log(m)) for m in several):
        found.append(
            "Your negative bounds lie log m below ours: a log-sum-exp without the division by m. The bound is the "
            "logarithm of the mean weight: subtract log m."
        )
    elif several and all(_near(bounds[m], ours[m] + math.log(m)) for m in several):
        found.append("Your negative bounds lie log m above ours: log m is subtracted twice.")
    elif several and all(_near(bounds[m], report.nelbo) and not _near(ours[m], report.nelbo) for m in several):
        found.append(
            "Your bound is the NELBO for every m: it averages the logarithms of the weights. The bound is the "
            "logarithm of their average: log-mean-exp over the samples first, the mean over the images after it."
        )
    elif rising:
        found.append(
            f"Your negative bound rises by more than 0.2 nats at m = {rising[0]:,}, but more samples can only lower "
            "it, except for noise. Are the m copies of one image averaged, and not m different images? Look at the "
            "reshape after `duplicate`, and at the sign inside the log-mean-exp."
        )
    parts = [printed.get(name) for name in ("nelbo", "kl", "rec")]
    nelbo, kl, rec = parts
    if nelbo is not None and rec is not None and kl is not None and kl > 1 and _near(nelbo, rec):
        found.append("Your NELBO is your reconstruction alone: the KL term is missing from the sum.")
    elif nelbo is not None and kl is not None and rec is not None and not _near(nelbo, kl + rec):
        found.append(f"Your NELBO {nelbo:.2f} is not KL + reconstruction, {kl:.2f} + {rec:.2f} = {kl + rec:.2f}.")
    if nelbo is not None and _near(nelbo * 784, report.nelbo, 0.02 * report.nelbo):
        found.append("Your NELBO is a mean over pixels: sum over the 784 pixels, then take the mean over the images.")
    elif nelbo is not None and not _near(nelbo, report.nelbo, 1.0) and not found:
        found.append(
            f"Your NELBO is {nelbo:.2f} and ours {report.nelbo:.2f}, more than 1 nat apart for the same weights: are "
            "they measured on the same images, binarised the same way?"
        )
    return found


def _near(one: float, other: float, within: float = 0.35) -> bool:
    return abs(one - other) <= within


def _nelbo_read_as(
    checkpoint: Checkpoint, reading: Callable[[Tensor], Tensor], images: Tensor, digits: Tensor | None
) -> float:
    model: Any = copy.deepcopy(checkpoint.model)  # with tensors of its own: they are changed here
    last = [layer for layer in model.enc.modules() if isinstance(layer, nn.Linear)][-1]
    last.register_forward_hook(lambda layer, inputs, output: _as_softplus(output, reading, -1))
    if (prior := dict(model.named_parameters()).get("z_pre")) is not None:
        prior.copy_(_as_softplus(prior, reading, 1))
    noise = torch.Generator().manual_seed(0)
    passes = [
        density_of(model, digits).elbo_terms(images, generator=noise).nelbo.double().mean() for _ in range(FEW_PASSES)
    ]
    value = float(torch.stack(passes).mean())
    return value if math.isfinite(value) else math.inf


def _as_softplus(h: Tensor, reading: Callable[[Tensor], Tensor], dim: int) -> Tensor:
    """The output whose second half softplus turns into what `reading` makes of h's second half."""
    mean, raw = h.chunk(2, dim)
    variance = reading(raw.double()).clamp(min=1e-12)
    inverse = variance + (-torch.expm1(-variance)).log()
    return torch.cat([mean, inverse.to(h.dtype)], dim)
