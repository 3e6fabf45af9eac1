"""What each family calls its tensors, and how its sizes make their shapes: an encoder's outputs are 2 z.

All of it is found by building the families' presets on the meta device, with one size changed at a time: a new family
needs nothing here.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from math import isqrt
from typing import NamedTuple

import torch
from pydantic import ValidationError

from models.family import Family, ModelConfig, Preset, Shapes
from models.registry import FAMILIES

__all__ = ["LABELS", "Layout", "Length", "every_layout", "homework_layout", "shapes_of", "sizes_of"]

LABELS = 10  # digits
SWEEPS = 3
LARGEST_SIDE = 64
SLIP, WRONG = 0.4, 1.0  # what an axis costs that is wrong in a way that is understood, and in any other way


class Length(NamedTuple):
    """How long an axis is: a constant, and so many times each size of the config."""

    constant: int
    times: Mapping[str, int]

    def at(self, sizes: Mapping[str, int]) -> int:
        """The length under these sizes."""
        return self.constant + sum(times * sizes[size] for size, times in self.times.items())

    def slip(self, found: int, sizes: Mapping[str, int], axis: int) -> str:
        """The common mistake that a wrong length is.

        Returns:
            "unsplit" for z in place of 2 z; "unlabelled" and "labelled" where the one-hot label is missing or is one
            too many; "" for any other length.
        """
        expected = self.at(sizes)
        if self.times == {"z": 2} and 2 * found == expected:
            return "unsplit"
        labels = self.constant + self.times.get("y", 0) * sizes.get("y", 0)
        others = self.times.keys() - {"y"}
        if axis == 1 and others in ({"z"}, {"pixels"}) and all(self.times[size] == 1 for size in others):
            if labels and found == expected - labels:
                return "unlabelled"
            if not labels and found == expected + LABELS:
                return "labelled"
        return ""


@dataclass(frozen=True)
class Layout:
    """The tensors of one preset of one family.

    Attributes:
        shapes: those of the preset, in the model's own order.
        lengths: the same shapes, axis by axis.
        constants: names of buffers, which a file may lack.
        sizes: the preset's sizes that change a shape; those of a tuple are called hidden.0, hidden.1.
    """

    family: Family
    preset: Preset
    shapes: Shapes
    lengths: Mapping[str, tuple[Length, ...]]
    constants: frozenset[str]
    sizes: Mapping[str, int]

    @property
    def required(self) -> frozenset[str]:
        """Names that a file must have: all but the constants."""
        return frozenset(self.shapes) - self.constants

    def fitted(self, found: Shapes) -> tuple[ModelConfig, float]:
        """The config whose shapes come closest to those found under this layout's names, and what is still wrong.

        The preset's own sizes win where others come no closer.
        """
        rows = [
            (lengths, found[name])
            for name, lengths in self.lengths.items()
            if name in found and len(found[name]) == len(lengths)
        ]
        made_by = {size: [row for row in rows if any(size in length.times for length in row[0])] for size in self.sizes}
        sizes = dict(self.sizes)
        for sweep in range(SWEEPS):
            for size, own in self.sizes.items():

                def cost_with(value: int, size: str = size, alone: bool = sweep == 0) -> float:
                    return _cost(made_by[size], sizes | {size: value}, alone)

                values = dict.fromkeys((own, *_values_of(size, made_by[size], sizes)))
                sizes[size] = min(values, key=cost_with)
        config = _closest_valid(self.preset.model, sizes)
        cost = _cost(rows, {size: sizes_of(config)[size] for size in self.sizes})
        if cost:
            config, cost = min([(config, cost), *self._by_trial(config, found)], key=lambda each: each[1])
        return config, cost

    def _by_trial(self, config: ModelConfig, found: Shapes) -> Iterator[tuple[ModelConfig, float]]:
        """The same with other sides of the image, where a product of sizes makes a shape and no sum determines them."""
        if "pixels" in self.sizes or "pixels" not in sizes_of(self.preset.model) or not found.keys() >= self.required:
            return
        for side in range(1, LARGEST_SIDE + 1):
            for channels in (1, 3):
                tried = _with_sizes(config, {"pixels": channels * side**2})
                if tried is not None and all(
                    shape == found[name] for name, shape in shapes_of(self.family, tried).items() if name in found
                ):
                    yield tried, 0.0


def every_layout() -> Iterator[Layout]:
    """One for each set of names, families and presets in the registry's order."""
    for family in FAMILIES.values():
        yield from _layouts(family)


def homework_layout(family: Family) -> Layout:
    """That of a family's first preset."""
    return _layout(family, family.presets[0])


@lru_cache(maxsize=64)
def shapes_of(family: Family, config: ModelConfig) -> Shapes:
    """The shapes of a model's state_dict, without the model's memory."""
    return {name: tuple(value.shape) for name, value in _on_meta(family, config).state_dict().items()}


def sizes_of(config: ModelConfig) -> dict[str, int]:
    """A config's whole numbers; those of a tuple are called hidden.0, hidden.1."""
    sizes: dict[str, int] = {}
    for name, value in config:
        numbers = {f"{name}.{place}": part for place, part in enumerate(value)} if isinstance(value, tuple) else {}
        sizes |= {key: part for key, part in (numbers or {name: value}).items() if type(part) is int}
    return sizes


def _on_meta(family: Family, config: ModelConfig) -> torch.nn.Module:
    with torch.device("meta"):
        return family.build(config)


@cache
def _layouts(family: Family) -> tuple[Layout, ...]:
    by_names: dict[frozenset[str], Layout] = {}
    for preset in family.presets:
        layout = _layout(family, preset)
        by_names.setdefault(frozenset(layout.shapes), layout)
    return tuple(by_names.values())


@cache
def _layout(family: Family, preset: Preset) -> Layout:
    model = _on_meta(family, preset.model)
    shapes = {name: tuple(value.shape) for name, value in model.state_dict().items()}
    sizes = sizes_of(preset.model)
    times: dict[str, list[dict[str, int]]] = {name: [{} for _ in shape] for name, shape in shapes.items()}
    for size, value in sizes.items():
        changed = ((larger, _with_sizes(preset.model, {size: larger})) for larger in _larger(value))
        for larger, config in changed:
            if config is None:
                continue
            for name, shape in shapes_of(family, config).items():
                for axis, (now, before) in enumerate(zip(shape, shapes.get(name, ()), strict=False)):
                    if step := (now - before) // (larger - value):
                        times[name][axis][size] = step
            break
    return Layout(
        family=family,
        preset=preset,
        shapes=shapes,
        lengths={
            name: tuple(
                Length(length - sum(step * sizes[size] for size, step in steps.items()), steps)
                for length, steps in zip(shape, times[name], strict=True)
            )
            for name, shape in shapes.items()
        },
        constants=frozenset(name for name, _ in model.named_buffers()),
        sizes={size: value for size, value in sizes.items() if any(size in s for axes in times.values() for s in axes)},
    )


def _larger(value: int) -> Iterator[int]:
    """Larger values, of which a config may allow only some: any, pixels of square images, the same in colour."""
    yield value + 1
    yield (isqrt(value) + 1) ** 2
    yield from (3 * (isqrt(value // 3) + more) ** 2 for more in (1, 8))


def _with_sizes(config: ModelConfig, sizes: Mapping[str, int]) -> ModelConfig | None:
    try:
        return _validated(config, sizes)
    except ValidationError:
        return None


def _validated(config: ModelConfig, sizes: Mapping[str, int]) -> ModelConfig:
    values = config.model_dump()
    for size, value in sizes.items():
        name, _, place = size.partition(".")
        values[name] = (*values[name][: int(place)], value, *values[name][int(place) + 1 :]) if place else value
    return type(config).model_validate(values)


def _closest_valid(config: ModelConfig, sizes: Mapping[str, int]) -> ModelConfig:
    """With these sizes, but for those that the config refuses."""
    try:
        return _validated(config, sizes)
    except ValidationError as error:
        refused = {str(problem["loc"][0]) for problem in error.errors() if problem["loc"]}
        kept = {size: value for size, value in sizes.items() if size.partition(".")[0] not in refused}
        return _with_sizes(config, kept) or config


def _values_of(
    size: str, rows: Iterable[tuple[tuple[Length, ...], tuple[int, ...]]], sizes: Mapping[str, int]
) -> Iterator[int]:
    """The values that would make some axis right, if all other sizes are; matrices are read both ways round."""
    for lengths, shape in rows:
        for turned in (shape, shape[::-1]) if len(shape) == 2 else (shape,):
            for length, found in zip(lengths, turned, strict=True):
                if times := length.times.get(size):
                    value, rest = divmod(found - length.at(sizes) + times * sizes[size], times)
                    if not rest and value > 0:
                        yield value


def _cost(
    rows: Iterable[tuple[tuple[Length, ...], tuple[int, ...]]], sizes: Mapping[str, int], alone: bool = False
) -> float:
    """How wrong shapes are under these sizes; with `alone`, only the axes that one size makes."""
    cost = 0.0
    for lengths, shape in rows:
        expected = tuple(length.at(sizes) for length in lengths)
        if shape == expected:
            continue
        if len(shape) == 2 and shape[::-1] == expected:
            cost += SLIP
            continue
        for axis, (length, found) in enumerate(zip(lengths, shape, strict=True)):
            if found != expected[axis] and not (alone and len(length.times) > 1):
                cost += SLIP if length.slip(found, sizes, axis) else WRONG
    return cost
