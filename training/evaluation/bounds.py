"""NELBO and IWAE-m of a checkpoint, with standard errors, streaming: memory grows with nothing.

The protocol is the homework's on every set of MNIST: NELBO, KL and reconstruction are means over 100 passes with fresh
z; IWAE-m is a mean over max(100 // m, 1) passes. SVHN's sets are larger and take 10 in place of 100. All bounds read
one stream of importance samples, so IWAE-1, -10 and -100 share their draws and their differences carry little noise.

A standard error here is the Monte-Carlo one (`Spread.NOISE`): how far the number would move under another seed on the
same images. How far it would move on other images is for `error_over_images` to say. It is measured from groups of
draws, each of which is one more pass: as many as the protocol has, else ten where 1,000 draws hold them, else three.
Passes beyond the protocol's serve the error alone and are made on at most 500 images, so that they add little time; no
value depends on them. The first-order formula var(log mean w) = 1 / ESS - 1 / m needs no further pass, but gives errors
that are 1.4 to 2.4 times too small, for it cannot see the large weights that one pass happens to miss.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from torch import Tensor

from models.contract import Model
from training.cluster.in_order import map_in_order
from training.evaluation.blocks import Block, Estimate, draws, measure_block
from training.system.errors import Cancelled, UserError

__all__ = ["BOUNDS", "PASSES", "SetReport", "check_bounds", "error_over_images", "evaluate", "passes_over_images"]

BOUNDS = (1, 10, 100, 1000)
PASSES = 100
IMAGES_AT_ONCE = 100
ERROR_BLOCKS = 5  # of images on which passes for the error alone are made, evenly over the set
ERROR_GROUPS, ERROR_DRAWS = 10, 1000  # so many groups of m while so many draws hold them
FEWEST_GROUPS = 3  # on 100 images the error is then known to within 8 % of itself
LARGEST_BOUND = 1_000_000


@dataclass(frozen=True)
class SetReport:
    """The numbers of one evaluation set, in nats per image. `niwae[m]` is the negative IWAE-m bound.

    `terms` holds "kl", "rec" and, where the family has them, the parts of "kl". `nelbo_se` and `niwae_se` are
    Monte-Carlo standard errors. The effective sample size (sum w)^2 / sum w^2 of the m importance weights (Kong 1992),
    an image's mean over its passes, is 1 where one sample carries the whole estimate and m where q(z|x) is the
    posterior: `ess_median[m]` is its median over the images, `ess_worst[m]` that of the image with the least. A high
    one proves nothing: it is estimated from q's own draws, and they do not show what q never visits.
    `squared_error` is the mean squared difference between an image and its reconstruction, per colour value in 0..1;
    None for binary images.
    `nelbo_each`, `terms_each[name]`, `niwae_each[m]` and `squared_error_each` (empty for binary images) are the numbers
    of every image by itself, float64 (images,), in the set's order: what two models differ by is read off image by
    image, and how far a mean would move on other images.
    """

    images: int
    nelbo: float
    nelbo_se: float
    terms: dict[str, float]
    niwae: dict[int, float]
    niwae_se: dict[int, float]
    ess_median: dict[int, float]
    ess_worst: dict[int, float]
    squared_error: float | None = None
    nelbo_each: Tensor = field(default_factory=lambda: torch.empty(0), repr=False, compare=False)
    niwae_each: dict[int, Tensor] = field(default_factory=dict, repr=False, compare=False)
    terms_each: dict[str, Tensor] = field(default_factory=dict, repr=False, compare=False)
    squared_error_each: Tensor = field(default_factory=lambda: torch.empty(0), repr=False, compare=False)

    @property
    def kl(self) -> float:
        return self.terms["kl"]

    @property
    def rec(self) -> float:
        return self.terms["rec"]

    def as_json(self) -> dict[str, Any]:
        """The report with plain JSON types: bounds are keyed by m as text."""
        return {
            "images": self.images,
            "nelbo": self.nelbo,
            "nelbo_se": self.nelbo_se,
            **self.terms,
            "niwae": {str(m): value for m, value in self.niwae.items()},
            "niwae_se": {str(m): value for m, value in self.niwae_se.items()},
            "ess_median": {str(m): value for m, value in self.ess_median.items()},
            "ess_worst": {str(m): value for m, value in self.ess_worst.items()},
            **({} if self.squared_error is None else {"squared_error": self.squared_error}),
        }


@torch.inference_mode()
def evaluate(
    model: Model,
    images: Tensor,
    bounds: Sequence[int] = BOUNDS,
    *,
    labels: Tensor | None = None,
    seed: int = 0,
    chunk: int = 10,
    passes: int = PASSES,
    cores: int = 1,
    on_progress: Callable[[float], None] = lambda fraction: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> SetReport:
    """Measure a model on images.

    Arguments:
        images: (n, pixels): binary ones, float zeros and ones; or colours, uint8, of which a model sees value / 255.
        bounds: the m of each IWAE-m, in any order.
        labels: digits of the images, int64 (n,): which a conditional model needs.
        seed: of all noise; one seed gives one report for every `chunk`.
        chunk: importance samples decoded at once.
        passes: of NELBO, KL and reconstruction; IWAE-m takes max(passes // m, 1).
        cores: of this machine that measure at once, where no cluster does; no digit depends on it.
        on_progress: called with the fraction done, 0..1.
        should_stop: asked several times a second.

    Raises:
        UserError: a bound below 1, images of another size than the model's, or numbers that are not finite.
        Cancelled: `should_stop` answered yes.
    """
    bounds = check_bounds(bounds)
    if images.shape[1] != model.config.pixels:
        raise UserError(
            f"This model was made for images of {model.config.pixels} pixels and these have {images.shape[1]}: "
            "measure it on data of its own kind."
        )
    pieces = images.split(IMAGES_AT_ONCE)
    digits_of = labels.split(IMAGES_AT_ONCE) if labels is not None else [None] * len(pieces)
    counted, made = ({m: groups(m, passes) for m in bounds} for groups in (_groups, _groups_for_error))
    for_errors = _evenly(len(pieces), ERROR_BLOCKS)
    blocks = [
        Block(number, piece, digits, seed, passes, chunk, counted, made if number in for_errors else counted)
        for number, (piece, digits) in enumerate(zip(pieces, digits_of, strict=True))
    ]
    work, done = sum(block.work for block in blocks), 0

    def advance(amount: int) -> None:
        nonlocal done
        if should_stop():
            raise Cancelled
        done += amount
        on_progress(done / work)

    parts: dict[str, _Total] = defaultdict(_Total)
    totals = {m: _Total() for m in bounds}
    effective: dict[int, list[Tensor]] = {m: [] for m in bounds}
    squared_errors: list[Tensor] = []
    for numbers in map_in_order(partial(measure_block, model), blocks, advance, cores=cores):
        for name, estimate in numbers.terms.items():
            parts[name].add(estimate)
        for m in bounds:
            totals[m].add(numbers.bounds[m])
            effective[m].append(numbers.effective[m])
        if numbers.squared_error is not None:
            squared_errors.append(numbers.squared_error)
    if not all(math.isfinite(total.value) for total in (*parts.values(), *totals.values())):
        raise UserError("This model gives numbers that are not finite on these images: its weights cannot be right.")
    return SetReport(
        images=len(images),
        nelbo=parts["nelbo"].value,
        nelbo_se=parts["nelbo"].standard_error,
        terms={name: total.value for name, total in parts.items() if name != "nelbo"},
        niwae={m: -total.value for m, total in totals.items()},
        niwae_se={m: total.standard_error for m, total in totals.items()},
        ess_median={m: float(torch.cat(each).quantile(0.5)) for m, each in effective.items()},
        ess_worst={m: float(torch.cat(each).min()) for m, each in effective.items()},
        squared_error=sum(float(each.sum()) for each in squared_errors) / len(images) if squared_errors else None,
        nelbo_each=parts["nelbo"].each,
        niwae_each={m: -total.each for m, total in totals.items()},
        terms_each={name: total.each for name, total in parts.items() if name != "nelbo"},
        squared_error_each=torch.cat(squared_errors) if squared_errors else torch.empty(0),
    )


def error_over_images(each: Tensor) -> float:
    """The standard error of the mean of every image's number, (images,), images seen as drawn by chance.

    It holds the Monte-Carlo error too. A single image tells nothing of others: its error is 0.
    """
    return float(each.double().std()) / math.sqrt(len(each)) if len(each) > 1 else 0.0


def check_bounds(bounds: Sequence[int]) -> list[int]:
    """The bounds in rising order, each once.

    Raises:
        UserError: one is below 1 or absurdly large.
    """
    for m in bounds:
        if not 1 <= m <= LARGEST_BOUND:
            raise UserError(f"IWAE-m needs m from 1 to {LARGEST_BOUND:,}, not {m}.")
    return sorted(set(bounds))


def passes_over_images(images: int, bounds: Sequence[int], passes: int) -> int:
    """How much work `evaluate` is: passes over one image, of NELBO and of one importance sample each."""
    blocks = math.ceil(images / IMAGES_AT_ONCE)
    with_errors = min(images, IMAGES_AT_ONCE * min(blocks, ERROR_BLOCKS))
    plain = draws({m: _groups(m, passes) for m in bounds})
    more = draws({m: _groups_for_error(m, passes) for m in bounds}) - plain
    return images * (passes + plain) + with_errors * more


def _groups(m: int, passes: int) -> int:
    """How many groups of m samples the bound is a mean of."""
    return max(passes // m, 1)


def _groups_for_error(m: int, passes: int) -> int:
    """How many groups of m samples the error is read off."""
    return max(passes // m, min(ERROR_GROUPS, ERROR_DRAWS // m), FEWEST_GROUPS)


def _evenly(count: int, wanted: int) -> set[int]:
    """So many of the numbers below `count`, or all, spread evenly: the later half of MNIST's test images is harder."""
    return {position * count // min(wanted, count) for position in range(min(wanted, count))}


class _Total:
    """Every image's estimate, their mean, and the variance of that mean."""

    def __init__(self) -> None:
        self.sum, self.variance, self.with_variance = 0.0, 0.0, 0
        self.blocks: list[Tensor] = []

    def add(self, estimate: Estimate) -> None:
        """Take the next images' estimates."""
        self.blocks.append(estimate.value)
        self.sum += float(estimate.value.sum())
        if estimate.variance is not None:
            self.variance += float(estimate.variance.sum())
            self.with_variance += len(estimate.variance)

    @property
    def each(self) -> Tensor:
        return torch.cat(self.blocks)

    @property
    def value(self) -> float:
        return self.sum / len(self.each)

    @property
    def standard_error(self) -> float:
        """Of the mean; images without a variance count as the others do on average."""
        return math.sqrt(self.variance / self.with_variance / len(self.each))
