"""Models compared on the same images under the same noise: what each reaches, and by how much they differ."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from torch import Tensor

from training.checkpoints.reading import Checkpoint
from training.data.registry import evaluation_set, whole
from training.evaluation.bounds import SetReport, passes_over_images
from training.evaluation.evaluate import available_sets, measure
from training.release.published import REFERENCE_SET, REFERENCES
from training.system.errors import UserError
from training.system.number_format import signed

__all__ = [
    "Difference",
    "Stage",
    "compare",
    "difference",
    "in_words",
    "sets_to_compare",
    "stages",
    "training_noise",
    "why_not_compared",
]

WITHIN = 1.96  # standard errors on either side of a mean: 95% of a normal distribution


@dataclass(frozen=True)
class Difference:
    """How much larger one model's number is than another's: the mean over the images, in nats.

    The standard error is that of paired differences: images that are hard for both models do not blur it.
    """

    mean: float
    standard_error: float
    images: int

    @property
    def interval(self) -> tuple[float, float]:
        """Where the mean over all such images lies, with 95% confidence."""
        half = WITHIN * self.standard_error
        return self.mean - half, self.mean + half

    @property
    def certain(self) -> bool:
        """Whether the interval leaves 0 out."""
        low, high = self.interval
        return low > 0 or high < 0


def difference(one: Tensor, other: Tensor) -> Difference:
    """The paired difference, one - other, of two models' numbers (n,) on the same n images.

    Raises:
        ValueError: they are not of the same images, or of fewer than two.
    """
    if one.shape != other.shape or len(one) < 2:
        raise ValueError(f"A paired difference needs the same two images or more, not {len(one)} and {len(other)}.")
    each = one.double() - other.double()
    return Difference(float(each.mean()), float(each.std()) / math.sqrt(len(each)), len(each))


def why_not_compared(one: Checkpoint, other: Checkpoint, names: tuple[str, str]) -> str | None:
    """Why NELBOs and bounds of two models are neither subtracted nor ranked, in a sentence; None where they may be.

    Densities under different likelihoods are no two answers to one question: a Gaussian's variance alone moves every
    NELBO by thousands of nats.

    Arguments:
        names: what a person calls the two.
    """
    if one.config.likelihood != other.config.likelihood:
        why = f"their likelihoods differ, {one.config.likelihood} and {other.config.likelihood}"
    elif one.assumed or other.assumed:
        which = names[0] if one.assumed else names[1]
        why = f"the file of {which} does not say its variance, and {one.config.likelihood} is only assumed"
    else:
        return None
    return f"NELBOs and bounds of {names[0]} and {names[1]} are not compared: {why}. Every NELBO moves with that."


def training_noise(family: str, set_name: str) -> float | None:
    """How far NELBOs of trainings that differ in their seed alone lie apart on an evaluation set: their standard
    deviation in nats, where it was published for this family and this set."""
    if set_name != REFERENCE_SET:
        return None
    found = [entry.deviations["nelbo"] for entry in REFERENCES if entry.model == family and entry.deviations]
    return found[0] if found else None


def in_words(
    name: str, reference: str, found: Difference, noise: float | None = None, bound: tuple[int, float] | None = None
) -> str:
    """What a difference of two NELBOs means, in a sentence or two.

    Arguments:
        noise: see `training_noise`, on the same images; None where it is not known.
        bound: an m, and the difference of the two negative IWAE-m bounds on the same images.
    """
    low, high = sorted(abs(end) for end in found.interval)
    by = abs(found.mean)
    if not found.certain:
        return (
            f"These {found.images:,} images show no clear difference between {name} and {reference}: "
            f"the difference of their NELBOs is {signed(found.mean, '+,.2f')} nats, give or take "
            f"{WITHIN * found.standard_error:,.2f}."
        )
    said = (
        f"{name}: NELBO {by:,.2f} nats {'higher (worse)' if found.mean > 0 else 'lower (better)'} than {reference} "
        f"(95% between {low:,.2f} and {high:,.2f} on {found.images:,} images)."
    )
    if bound is not None:
        said += f" At m = {bound[0]:,} the bounds differ by {signed(bound[1], '+,.2f')} nats."
    if noise is not None:
        apart = math.sqrt(2) * noise  # two trainings, each with its own seed
        said += (
            f" The NELBOs of two trainings of one recipe differ on these images with a standard deviation of "
            f"{apart:.2f} nats; this difference is {by / apart:.1f} of them."
        )
    return said


@dataclass(frozen=True)
class Stage:
    """One piece of a comparison: one model on one evaluation set.

    Attributes:
        checkpoint: number of the model among those compared.
        cost: about how much work it is, in passes over one image.
    """

    checkpoint: int
    set_name: str
    bounds: tuple[int, ...]
    passes: int
    images: int

    @property
    def cost(self) -> int:
        return passes_over_images(self.images, self.bounds, self.passes)


def sets_to_compare(data: str) -> list[str]:
    """The evaluation sets of a comparison of models of a data set, as it orders them: the small one first."""
    return [name for name in available_sets(data) if evaluation_set(name)[1].quick_passes]


def stages(models: int, data: str, bounds: Sequence[int]) -> list[Stage]:
    """What a comparison does, in this order: every model's NELBO on the small set, then bounds, then the large set."""
    plan = []
    for turn, name in enumerate(sets_to_compare(data)):
        for asked in ((), tuple(bounds)) if turn == 0 and bounds and whole(data).bounds else ((),):
            one = evaluation_set(name)[1]
            plan += [Stage(number, name, asked, one.quick_passes, one.images) for number in range(models)]
    return plan


def compare(
    checkpoints: Sequence[Checkpoint],
    plan: Sequence[Stage],
    on_report: Callable[[Stage, SetReport], None],
    on_failure: Callable[[Stage, UserError], None],
    *,
    seed: int = 0,
    on_progress: Callable[[Stage, float], None] = lambda stage, fraction: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> None:
    """Carry out a plan, stage by stage.

    Arguments:
        on_report: called with each stage's numbers as soon as they are there.
        on_failure: called with the error of a model that cannot be measured; the model is left out from there on.
        seed: of all noise: with one seed, models with as many latent dimensions meet the same.
        on_progress: called with the stage and the fraction of the whole plan that is done.

    Raises:
        Cancelled: `should_stop` answered yes.
    """
    whole, done = sum(stage.cost for stage in plan), 0
    failed: set[int] = set()
    for stage in plan:

        def progress(name: str, fraction: float, stage: Stage = stage, done: int = done) -> None:
            on_progress(stage, (done + fraction * stage.cost) / whole)

        if stage.checkpoint not in failed:
            try:
                reports = measure(
                    checkpoints[stage.checkpoint],
                    [stage.set_name],
                    stage.bounds,
                    seed=seed,
                    passes=stage.passes,
                    on_progress=progress,
                    should_stop=should_stop,
                )
                on_report(stage, reports[stage.set_name])
            except UserError as error:
                failed.add(stage.checkpoint)
                on_failure(stage, error)
        done += stage.cost
