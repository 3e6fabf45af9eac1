"""Which tensor of a stranger's file is which tensor of a family's, when names, sizes or numbers of layers differ."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice

from models.family import ModelConfig, Shapes
from models.recognition.layouts import Layout, every_layout, shapes_of

__all__ = ["Match", "is_optimiser_name", "lay_on", "module_of", "nearest", "network_of", "normalises"]

MOST_LOOKED_AT = 200  # tensors under other names than a family's
_OPTIMISER_NAMES = {"exp_avg", "exp_avg_sq", "max_exp_avg_sq", "momentum_buffer", "square_avg"}
_LAST_NUMBER = re.compile(r"[._]?(\d{1,6})$")
MISSING, EXTRA, RENAMED = 1.0, 1.0, 0.25  # what each tensor counts against a family


@dataclass(frozen=True)
class Match:
    """How a file's tensors lie on a layout.

    Attributes:
        config: the family's config that comes closest to the file's shapes.
        shapes: those of that config.
        found: the file's name for a family's tensor, where there is one.
        extra: the file's other names.
        cost: how badly it fits: 0 is a file that loads.
    """

    layout: Layout
    config: ModelConfig
    shapes: Shapes
    found: Mapping[str, str]
    extra: tuple[str, ...]
    cost: float


def nearest(shapes: Shapes) -> Match:
    """The match of least cost among all families; the first in the registry's order where several are as good."""
    return min((lay_on(layout, shapes) for layout in every_layout()), key=lambda found: found.cost)


def lay_on(layout: Layout, shapes: Shapes) -> Match:
    """Lay a file's tensors on one family: by name, by the order of its layers, and the rest by shape."""
    by_name = {name: name for name in layout.shapes if name in shapes}
    return min((_match(layout, shapes, pairs) for pairs in (by_name, _by_rank(layout, shapes))), key=lambda m: m.cost)


def module_of(name: str) -> str:
    """The module that a parameter belongs to: enc.net.0 of enc.net.0.weight."""
    return name.rpartition(".")[0]


def network_of(name: str) -> str:
    """The network that a parameter belongs to: enc of enc.net.0.weight."""
    return name.partition(".")[0] if "." in name else ""


def is_optimiser_name(name: str) -> bool:
    """Whether it is what an optimiser calls its averages: exp_avg of 0.exp_avg."""
    return name.rpartition(".")[2] in _OPTIMISER_NAMES


def normalises(name: str, shapes: Shapes) -> bool:
    """Whether it belongs to a BatchNorm, which keeps running statistics beside its weights."""
    return f"{module_of(name)}.running_mean" in shapes or _leaf(name) in ("running_mean", "running_var")


def _match(layout: Layout, shapes: Shapes, pairs: dict[str, str]) -> Match:
    config, cost = layout.fitted({name: shapes[found] for name, found in pairs.items()})
    own = shapes_of(layout.family, config)
    used = set(pairs.values())
    free = [
        name for name in shapes if name not in used and not is_optimiser_name(name) and not normalises(name, shapes)
    ]
    missing = [name for name in own if name not in pairs and name not in layout.constants]
    pairs = pairs | _by_shape(
        {name: own[name] for name in missing}, {name: shapes[name] for name in islice(free, MOST_LOOKED_AT)}
    )
    used = set(pairs.values())
    extra = tuple(name for name in shapes if name not in used)
    axes = sum(len(shapes[found]) != len(own[name]) for name, found in pairs.items())
    lacking = sum(name not in pairs for name in missing)
    renamed = sum(name != found for name, found in pairs.items())
    cost += axes + MISSING * lacking + EXTRA * len(extra) + RENAMED * renamed
    return Match(layout, config, own, pairs, extra, cost)


def _by_rank(layout: Layout, shapes: Shapes) -> dict[str, str]:
    """Layer by layer: a network's first layers and its last one, whatever their numbers and the network's name."""
    expected, found = _stacks(layout.shapes), _stacks(shapes)
    names: dict[str, str] = {}
    for stack, modules in expected.items():
        others = [name for name in found if name not in expected and _alike(stack, name)]
        theirs = found[stack] if stack in found else found[others[0]] if len(others) == 1 else []
        if len(modules) > 1 and len(theirs) > 1:
            names |= dict(zip(modules[:-1], theirs[:-1], strict=False)) | {modules[-1]: theirs[-1]}
    pairs: dict[str, str] = {}
    for name in layout.shapes:
        module, _, leaf = name.rpartition(".")
        other = f"{names[module]}.{leaf}" if module in names else name
        if other in shapes and other not in pairs.values():
            pairs[name] = other
    return pairs


def _stacks(shapes: Shapes) -> dict[str, list[str]]:
    """Modules with a matrix or a convolution whose names differ in their last number alone, in its order."""
    stacks: dict[str, dict[int, str]] = {}
    for name, shape in islice(shapes.items(), 2 * MOST_LOOKED_AT):
        module = module_of(name)
        if name.endswith(".weight") and len(shape) >= 2 and (number := _LAST_NUMBER.search(module)):
            stacks.setdefault(module[: number.start()], {})[int(number[1])] = module
    return {stack: [modules[number] for number in sorted(modules)] for stack, modules in stacks.items()}


def _alike(expected: str, found: str) -> bool:
    """Whether two networks' names begin alike, as enc and encoder do; cls stands for classifier too."""
    short = {"cls": "cla"}.get(expected[:3], expected[:3]).lower()
    return found[:3].lower() in (short, expected[:3].lower())


def _by_shape(expected: Shapes, found: Shapes) -> dict[str, str]:
    """Pairs of one shape, each used once: whole modules first, then single tensors; names that begin alike first."""
    pairs: dict[str, str] = {}
    ours, theirs = _modules(expected), _modules(found)
    for module, other in _paired(ours, theirs, lambda one, two: ours[one] == theirs[two]):
        pairs |= {f"{module}.{leaf}": f"{other}.{leaf}" for leaf in ours[module]}
    ours_left = [name for name in expected if name not in pairs]
    used = set(pairs.values())
    theirs_left = [name for name in found if name not in used]

    def same(one: str, two: str) -> bool:
        """A vector may be anything that happens to have its length: only one of the same name will do."""
        return expected[one] == found[two] and (len(expected[one]) > 1 or _leaf(one) == _leaf(two))

    return pairs | dict(_paired(ours_left, theirs_left, same))


def _paired(ours: Iterable[str], theirs: Iterable[str], same: Callable[[str, str], bool]) -> Iterable[tuple[str, str]]:
    others = sorted(theirs, key=_natural)
    candidates = [
        (not _alike(one, other), _leaf(one) != _leaf(other), place, rank, one, other)
        for place, one in enumerate(ours)
        for rank, other in enumerate(others)
        if same(one, other)
    ]
    taken: set[str] = set()
    given: set[str] = set()
    for *_, one, other in sorted(candidates):
        if one not in given and other not in taken:
            given.add(one)
            taken.add(other)
            yield one, other


def _modules(shapes: Shapes) -> dict[str, dict[str, tuple[int, ...]]]:
    modules: dict[str, dict[str, tuple[int, ...]]] = {}
    for name, shape in shapes.items():
        module, _, leaf = name.rpartition(".")
        if module:
            modules.setdefault(module, {})[leaf] = shape
    return modules


def _leaf(name: str) -> str:
    return name.rpartition(".")[2]


def _natural(name: str) -> list[tuple[int, int, str]]:
    """A key by which layer2 comes before layer10."""
    return [
        (0, int(part), "") if part.isdecimal() and part.isascii() and len(part) < 10 else (1, 0, part)
        for part in re.split(r"(\d+)", name)
    ]
