"""The numbers of one block of images, which need no other block: so blocks may be measured anywhere, in any order.

Every block has streams of noise of its own. What it gives is the same to the last bit wherever it is measured, on a
processor of the same kind.
"""

import hashlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor

from models.contract import Model, density_of

__all__ = ["Block", "BlockNumbers", "Estimate", "draws", "measure_block", "noise_of"]


@dataclass(frozen=True)
class Block:
    """Some images of a set, and what is measured on them.

    Attributes:
        number: its place among the set's blocks.
        images: (n, pixels): binary ones, float zeros and ones; or colours, uint8, of which a model sees value / 255.
        digits: of the images, int64 (n,), which a conditional model needs; else None.
        seed, passes, chunk: see `training.evaluation.bounds.evaluate`.
        counted: by m, of how many groups of m importance samples IWAE-m is the mean.
        made: by m, how many groups its error is read off; the same or more.
    """

    number: int
    images: Tensor
    digits: Tensor | None
    seed: int
    passes: int
    chunk: int
    counted: Mapping[int, int]
    made: Mapping[int, int]

    def __reduce__(self) -> tuple[type["Block"], tuple[Any, ...]]:
        """For another machine: these images alone, not all those of which they are a part."""
        digits = None if self.digits is None else self.digits.clone()
        rest = (self.seed, self.passes, self.chunk, dict(self.counted), dict(self.made))
        return Block, (self.number, self.images.clone(), digits, *rest)

    @property
    def work(self) -> int:
        """How many passes over these images are made."""
        return self.passes + draws(self.made)


class Estimate(NamedTuple):
    """Each image's estimate of a number and the variance of that estimate, float64 (n,) each; None: not known."""

    value: Tensor
    variance: Tensor | None


class BlockNumbers(NamedTuple):
    """What was measured on a block.

    Attributes:
        terms: by name, "nelbo" among them, from all passes.
        bounds: by m, the IWAE-m bound on log p(x).
        effective: by m, each image's effective sample size, mean over its groups, (n,).
        squared_error: of each image's reconstruction, mean over its colour values, (n,); None for binary images.
    """

    terms: dict[str, Estimate]
    bounds: dict[int, Estimate]
    effective: dict[int, Tensor]
    squared_error: Tensor | None


@torch.inference_mode()
def measure_block(model: Model, block: Block, advance: Callable[[int], None]) -> BlockNumbers:
    """Measure a model on a block.

    Arguments:
        advance: called with the number of passes that have been made since the last call; what it raises ends it all.
    """
    density, images = density_of(model, block.digits), block.images
    squared_error: Tensor | None = None
    if images.dtype == torch.uint8:
        images = images.float() / 255
        squared_error = (density.reconstruct(images) - images).square().double().mean(-1)
    noise = noise_of(block.seed, block.number, "elbo")
    drawn: dict[str, Tensor] = {}
    for position in range(block.passes):
        terms = density.elbo_terms(images, generator=noise)
        exact: Any = type(terms)
        for name, values in exact(*(value.double() for value in terms)).named().items():
            if name not in drawn:  # kept one by one, they would lie in the way of the next pass's memory
                drawn[name] = values.new_empty(block.passes, len(images))
            drawn[name][position] = values
        advance(1)
    averages = {m: _GroupAverage(m, block.counted[m], groups, len(images)) for m, groups in block.made.items()}
    noise = noise_of(block.seed, block.number, "bounds")
    if samples := draws(block.made):
        for log_weights in density.log_weights(images, samples, generator=noise, chunk=block.chunk):
            for average in averages.values():
                average.add(log_weights.double())
            advance(len(log_weights))
    return BlockNumbers(
        terms={name: Estimate(values.mean(0), values.var(0) / block.passes) for name, values in drawn.items()},
        bounds={m: average.bound() for m, average in averages.items()},
        effective={m: average.effective_samples() for m, average in averages.items()},
        squared_error=squared_error,
    )


def noise_of(seed: int, block: int, purpose: str) -> torch.Generator:
    """A stream of noise of its own for each block and purpose, so that no number depends on what else is asked."""
    digest = hashlib.sha256(f"{seed} {block} {purpose}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "little") >> 1)


def draws(groups: Mapping[int, int]) -> int:
    """How many samples hold each m's groups: all bounds read one stream."""
    return max((m * count for m, count in groups.items()), default=0)


class _GroupAverage:
    """IWAE-m of a block of images, from log-weights that arrive in chunks; keeps a few numbers per image.

    The log-mean-exp of a group of m weights is one draw of the bound. The bound is the mean of the first `counted`
    groups; all `groups` show how far one group is from the next.
    """

    def __init__(self, m: int, counted: int, groups: int, images: int) -> None:
        self.m, self.counted, self.groups = m, counted, groups
        self.finished, self.filled = 0, 0
        self.log_sum = torch.full((images,), -math.inf, dtype=torch.float64)
        self.log_sum_squares = self.log_sum.clone()
        self.mean = torch.zeros(images, dtype=torch.float64)
        self.sum, self.squares, self.sum_ess = (torch.zeros_like(self.mean) for _ in range(3))

    def add(self, log_weights: Tensor) -> None:
        """Take the next log-weights, float64 (samples, images); what is beyond the last group is left out."""
        while len(log_weights) and self.finished < self.groups:
            taken, log_weights = log_weights.tensor_split([self.m - self.filled])
            self.log_sum = torch.logaddexp(self.log_sum, taken.logsumexp(0))
            self.log_sum_squares = torch.logaddexp(self.log_sum_squares, (2 * taken).logsumexp(0))
            self.filled += len(taken)
            if self.filled == self.m:
                self._finish_group()

    def _finish_group(self) -> None:
        bound = self.log_sum - math.log(self.m)
        if self.finished < self.counted:
            self.sum += bound
            self.sum_ess += (2 * self.log_sum - self.log_sum_squares).exp()
        self.finished, self.filled = self.finished + 1, 0
        change = bound - self.mean  # Welford 1962: squares about the mean so far, without cancellation
        self.mean += change / self.finished
        self.squares += change * (bound - self.mean)
        self.log_sum = torch.full_like(self.log_sum, -math.inf)
        self.log_sum_squares = self.log_sum.clone()

    def effective_samples(self) -> Tensor:
        """Each image's effective sample size, mean over the groups that the bound averages: (images,)."""
        return self.sum_ess / self.counted

    def bound(self) -> Estimate:
        """Each image's bound and the variance of that estimate, (images,) each; None where one group was made."""
        value = self.sum / self.counted
        if self.groups == 1:
            return Estimate(value, None)
        return Estimate(value, self.squares / (self.groups - 1) / self.counted)
