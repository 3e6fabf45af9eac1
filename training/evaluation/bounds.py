"""NELBO and IWAE-m of a checkpoint, with standard errors, streaming: memory grows with nothing.

The protocol is the homework's on every set of MNIST: NELBO, KL and reconstruction are means over 100 passes with fresh
z; IWAE-m is a mean over max(100 // m, 1) passes. SVHN's sets are larger and take 10 in place of 100. All bounds read
one stream of importance samples, so IWAE-1, -10 and -100 share their draws and their differences carry little noise.

A standard error is the Monte-Carlo one: how far the number would move under another seed on the same images. How far
it would move on other images is for `error_over_images` to say.
"""

import hashlib
import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from models.contract import Model, density_of
from training.system.errors import Cancelled, UserError

__all__ = ["BOUNDS", "PASSES", "SetReport", "check_bounds", "error_over_images", "evaluate"]

BOUNDS = (1, 10, 100, 1000)
PASSES = 100
IMAGES_AT_ONCE = 100
LARGEST_BOUND = 1_000_000


@dataclass(frozen=True)
class SetReport:
    """The numbers of one evaluation set, in nats per image. `niwae[m]` is the negative IWAE-m bound.

    `terms` holds "kl", "rec" and, where the family has them, the parts of "kl". `ess[m]` is the effective sample
    size (sum w)^2 / sum w^2 of the m importance weights (Kong 1992), mean over images and passes: from 1, where one
    sample carries the whole estimate, to m, where q(z|x) is the posterior. `squared_error` is the mean squared
    difference between an image and its reconstruction, per colour value in 0..1; None for binary images.
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
    ess: dict[int, float]
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
            "ess": {str(m): value for m, value in self.ess.items()},
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
    samples = max((m * _groups(m, passes) for m in bounds), default=0)
    blocks = images.split(IMAGES_AT_ONCE)
    digits_of = labels.split(IMAGES_AT_ONCE) if labels is not None else [None] * len(blocks)
    work, done = len(blocks) * (passes + samples), 0

    def advance(amount: int) -> None:
        nonlocal done
        if should_stop():
            raise Cancelled
        done += amount
        on_progress(done / work)

    coloured = images.dtype == torch.uint8
    parts: dict[str, _Total] = defaultdict(_Total)
    ladder = {m: _Total() for m in bounds}
    effective: dict[int, float] = dict.fromkeys(bounds, 0.0)
    squared_errors: list[Tensor] = []
    for number, (block, digits) in enumerate(zip(blocks, digits_of, strict=True)):
        density = density_of(model, digits)
        if coloured:
            block = block.float() / 255
            squared_errors.append((density.reconstruct(block) - block).square().double().mean(-1))
        noise = _noise(seed, number, "elbo")
        drawn: dict[str, Tensor] = {}
        for position in range(passes):
            terms = density.elbo_terms(block, generator=noise)
            exact: Any = type(terms)
            for name, values in exact(*(value.double() for value in terms)).named().items():
                if name not in drawn:  # kept one by one, they would lie in the way of the next pass's memory
                    drawn[name] = values.new_empty(passes, len(block))
                drawn[name][position] = values
            advance(1)
        for name, values in drawn.items():
            parts[name].add(values.mean(0), values.var(0) / passes)
        rungs = {m: _Rung(m, _groups(m, passes), len(block)) for m in bounds}
        noise = _noise(seed, number, "bounds")
        if samples:
            for log_weights in density.log_weights(block, samples, generator=noise, chunk=chunk):
                for rung in rungs.values():
                    rung.add(log_weights.double())
                advance(len(log_weights))
        for m, rung in rungs.items():
            ladder[m].add(*rung.bound())
            effective[m] += float(rung.effective_samples().sum())
    if not all(math.isfinite(total.value) for total in (*parts.values(), *ladder.values())):
        raise UserError("This model gives numbers that are not finite on these images: its weights cannot be right.")
    return SetReport(
        images=len(images),
        nelbo=parts["nelbo"].value,
        nelbo_se=parts["nelbo"].standard_error,
        terms={name: total.value for name, total in parts.items() if name != "nelbo"},
        niwae={m: -total.value for m, total in ladder.items()},
        niwae_se={m: total.standard_error for m, total in ladder.items()},
        ess={m: total / len(images) for m, total in effective.items()},
        squared_error=sum(float(values.sum()) for values in squared_errors) / len(images) if coloured else None,
        nelbo_each=parts["nelbo"].each,
        niwae_each={m: -total.each for m, total in ladder.items()},
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


def _noise(seed: int, block: int, purpose: str) -> torch.Generator:
    """A stream of noise of its own for each block and purpose, so that no number depends on what else is asked."""
    digest = hashlib.sha256(f"{seed} {block} {purpose}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "little") >> 1)


def _groups(m: int, passes: int) -> int:
    return max(passes // m, 1)


class _Total:
    """Every image's estimate, their mean, and the variance of that mean."""

    def __init__(self) -> None:
        self.sum, self.variance = 0.0, 0.0
        self.blocks: list[Tensor] = []

    def add(self, values: Tensor, variances: Tensor) -> None:
        """Each image's estimate and the variance of that estimate, (images,) each."""
        self.blocks.append(values)
        self.sum += float(values.sum())
        self.variance += float(variances.sum())

    @property
    def each(self) -> Tensor:
        return torch.cat(self.blocks)

    @property
    def value(self) -> float:
        return self.sum / len(self.each)

    @property
    def standard_error(self) -> float:
        return math.sqrt(self.variance) / len(self.each)


class _Rung:
    """IWAE-m of a block of images, from log-weights that arrive in chunks; keeps a few numbers per image.

    Each pass is a group of m weights whose log-mean-exp is one draw of the bound. With one pass alone its
    variance comes from the weights themselves: var(log mean w) = 1 / ESS - 1 / m, to first order.
    """

    def __init__(self, m: int, passes: int, images: int) -> None:
        self.m, self.passes = m, passes
        self.finished, self.filled = 0, 0
        self.log_sum = torch.full((images,), -math.inf, dtype=torch.float64)
        self.log_sum_squares = self.log_sum.clone()
        self.sum = torch.zeros(images, dtype=torch.float64)
        self.sum_squares = torch.zeros(images, dtype=torch.float64)
        self.sum_ess = torch.zeros(images, dtype=torch.float64)

    def add(self, log_weights: Tensor) -> None:
        """Take the next log-weights, float64 (samples, images); what is beyond the last pass is left out."""
        while len(log_weights) and self.finished < self.passes:
            taken, log_weights = log_weights.tensor_split([self.m - self.filled])
            self.log_sum = torch.logaddexp(self.log_sum, taken.logsumexp(0))
            self.log_sum_squares = torch.logaddexp(self.log_sum_squares, (2 * taken).logsumexp(0))
            self.filled += len(taken)
            if self.filled == self.m:
                self._finish_pass()

    def _finish_pass(self) -> None:
        bound = self.log_sum - math.log(self.m)
        self.sum += bound
        self.sum_squares += bound.square()
        ess = (2 * self.log_sum - self.log_sum_squares).exp()
        self.sum_ess += ess
        self.inverse_ess = 1 / ess
        self.finished, self.filled = self.finished + 1, 0
        self.log_sum = torch.full_like(self.log_sum, -math.inf)
        self.log_sum_squares = self.log_sum.clone()

    def effective_samples(self) -> Tensor:
        """Each image's effective sample size, mean over the passes: (images,)."""
        return self.sum_ess / self.passes

    def bound(self) -> tuple[Tensor, Tensor]:
        """Each image's bound and the variance of that estimate, (images,) each."""
        mean = self.sum / self.passes
        if self.passes == 1:
            return mean, (self.inverse_ess - 1 / self.m).clamp(min=0)
        spread = (self.sum_squares - self.passes * mean.square()) / (self.passes - 1)
        return mean, spread.clamp(min=0) / self.passes
