"""What a tensor that does not fit probably means, in a student's words."""

from collections.abc import Mapping
from enum import IntEnum
from typing import NamedTuple

import torch
from torch import Tensor

from models.family import Preset, Shapes, with_article
from models.recognition.layouts import LABELS, Length, sizes_of
from models.recognition.recognise import is_aside
from training.checkpoints.tensor_statistics import Statistics
from training.diagnosis.name_matching import Match, is_optimiser_name, module_of, network_of, normalises

__all__ = [
    "FLOATS",
    "OPTIMISER",
    "Fault",
    "Severity",
    "extra_fault",
    "missing_fault",
    "possessive",
    "shape_fault",
    "size_words",
    "sizes_apart",
    "value_fault",
]

FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
OPTIMISER = "this is an optimiser's state: it holds Adam's averages and not the weights"
_NETWORKS = {"enc": "the encoder", "dec": "the decoder", "cls": "the classifier"}
_SIZES = {"hidden": "hidden size", "y": "labels", "z": "z =", "k": "k ="}


class Severity(IntEnum):
    """How much a fault explains: the verdict quotes one of the most severity kind."""

    cause = 0
    values = 1
    missing = 2
    shape = 3
    naming = 4
    nothing = 5


class Fault(NamedTuple):
    """Why a tensor does not fit; `severity` is `nothing` where it would stop no file from loading."""

    severity: Severity
    meaning: str


def shape_fault(match: Match, name: str, found: tuple[int, ...]) -> Fault | None:
    """What is wrong with a shape, beside all that the file's own sizes explain; None if nothing is.

    Arguments:
        name: the family's name of the tensor.
    """
    own = match.shapes[name]
    if found == own:
        return None
    if name == "z_pre":
        return Fault(Severity.cause, f"z_pre must be (1, 2k, z), here {own}: k means, then k variances")
    if len(found) != len(own):
        if len(own) == 2 and len(found) > 2:
            return Fault(
                Severity.cause, f"a convolution's weight of {len(found)} axes, where nn.Linear has (outputs, inputs)"
            )
        return Fault(Severity.shape, f"{_axes(len(found))}, where there must be {_axes(len(own))}")
    if len(own) == 2 and found[::-1] == own:
        return Fault(Severity.cause, "transposed: nn.Linear stores (outputs, inputs)")
    wrong = [
        _axis_fault(match, name, axis, length, found[axis])
        for axis, length in enumerate(match.layout.lengths[name])
        if found[axis] != own[axis]
    ]
    return Fault(min(fault.severity for fault in wrong), "; ".join(fault.meaning for fault in wrong))


def missing_fault(match: Match, name: str) -> Fault:
    """What it means that the file has no such tensor."""
    module, _, leaf = name.rpartition(".")
    if leaf == "bias" and f"{module}.weight" in match.found:
        return Fault(Severity.cause, "not in the file: this layer was made with bias=False")
    if name == "z_pre":
        return Fault(
            Severity.cause,
            f"not in the file: without its mixture it is no {match.layout.family.title}",
        )
    network = network_of(name)
    if network and not any(network_of(other) == network for other in match.found):
        return Fault(
            Severity.missing, f"not in the file, like all of {_network(name)}: save the whole model.state_dict()"
        )
    return Fault(Severity.missing, "not in the file: save the whole model.state_dict()")


def extra_fault(match: Match, name: str, shapes: Shapes) -> Fault | None:
    """What a tensor is that the family does not have; None where it is left out and does no harm.

    Arguments:
        name: the file's name of the tensor.
        shapes: of the whole file.
    """
    if is_optimiser_name(name):
        return Fault(Severity.nothing, OPTIMISER)
    title = with_article(match.layout.family.title)
    if is_aside(name, shapes[name]):
        return None
    if network_of(name) not in {network_of(ours) for ours in match.layout.shapes} - {""}:
        return Fault(Severity.cause, f"no part of {title}: without it the numbers would be another model's")
    if normalises(name, shapes):
        return Fault(Severity.cause, f"BatchNorm: {possessive(match.layout.preset)} networks have no normalisation")
    stacks = {module_of(module_of(ours)) for ours in match.layout.shapes if ours.endswith(".weight")}
    if module_of(module_of(name)) in stacks and name.rpartition(".")[2] in ("weight", "bias"):
        if module_of(name) in {module_of(found) for found in match.found.values()}:
            return Fault(Severity.cause, "one tensor more than this layer has: was it made with bias=True?")
        return Fault(Severity.cause, f"one layer more than {possessive(match.layout.preset)}")
    return Fault(Severity.cause, f"no part of {title}")


def value_fault(value: Tensor, statistics: Statistics) -> Fault | None:
    """What is wrong with the numbers themselves; None if nothing is."""
    if value.dtype not in FLOATS:
        return Fault(Severity.values, f"stored as {statistics.dtype}, where float32 is needed")
    if value.layout != torch.strided or value.is_meta:
        return Fault(Severity.values, "stored as something else than plain numbers: save float32 tensors")
    if statistics.not_finite:
        are = "is not a finite number" if statistics.not_finite == 1 else "are not finite numbers"
        return Fault(
            Severity.values,
            f"{statistics.not_finite:,} of its {statistics.count:,} values {are}: this training had diverged",
        )
    return None


def size_words(match: Match, name: str) -> str:
    """How the sizes behind a tensor's shape differ from the preset's: "hidden size 400, not 300", or nothing."""
    sizes = {size.partition(".")[0] for length in match.layout.lengths[name] for size in length.times}
    return "; ".join(text for field, text in sizes_apart(match).items() if field in sizes)


def sizes_apart(match: Match) -> dict[str, str]:
    """Every size of the file that is not its preset's, in words, by the config's field."""
    own, homework = _fields(sizes_of(match.config), match), _fields(match.layout.sizes, match)
    return {
        field: f"{_size_word(field, own[field])} {_values(own[field])}, not {_values(homework[field])}"
        for field in homework
        if own[field] != homework[field]
    }


def possessive(preset: Preset) -> str:
    """The preset in the possessive, as in "one layer more than the homework's"."""
    return "the homework's" if "homework's" in preset.summary else f"the preset {preset.name}'s"


def _fields(sizes: Mapping[str, int], match: Match) -> dict[str, tuple[int, ...]]:
    fields: dict[str, tuple[int, ...]] = {}
    for size in match.layout.sizes:
        field = size.partition(".")[0]
        fields[field] = (*fields.get(field, ()), sizes[size])
    return fields


def _size_word(field: str, values: tuple[int, ...]) -> str:
    word = _SIZES.get(field, field)
    return f"{word}s" if word == "hidden size" and len(set(values)) > 1 else word


def _values(values: tuple[int, ...]) -> str:
    if len(set(values)) == 1:
        return str(values[0])
    return f"{', '.join(map(str, values[:-1]))} and {values[-1]}"


def _axes(count: int) -> str:
    return f"{count} {'axis' if count == 1 else 'axes'}"


def _network(name: str) -> str:
    return _NETWORKS.get(network_of(name), network_of(name) or "the model")


def _axis_fault(match: Match, name: str, axis: int, length: Length, found: int) -> Fault:
    sizes, title = sizes_of(match.config), match.layout.family.title
    expected, network = match.shapes[name][axis], _network(name)
    match length.slip(found, sizes, axis):
        case "unsplit":
            who = network.replace("the ", "your ", 1)
            return Fault(Severity.cause, f"{who} outputs z, not 2z: mean and variance are not split")
        case "unlabelled":
            what = "z" if "z" in length.times else "the image"
            return Fault(
                Severity.cause, f"{network} takes {what} without the label: join the two, {expected} numbers in all"
            )
        case "labelled" if "z" in length.times:
            wider = f"; or z is {found}, and the encoder outputs z, not 2z" if found == 2 * sizes["z"] else ""
            return Fault(
                Severity.cause,
                f"{network} takes z with a label of {LABELS}, and that of {with_article(title)} takes z alone{wider}",
            )
        case "labelled":
            return Fault(
                Severity.cause,
                f"{network} takes the image with a label of {LABELS}, and that of {with_article(title)} takes the "
                "image alone",
            )
    fields = {size.partition(".")[0] for size in length.times}
    if fields == {"hidden"}:
        return Fault(Severity.shape, f"{network} has hidden size {found} here, where {expected} is expected")
    if fields == {"z"} and length.times["z"] == 2:
        return Fault(
            Severity.shape,
            f"{network} outputs {found} numbers, not 2z = {expected}: a mean and a variance for each dimension of z",
        )
    if fields == {"y"}:
        return Fault(Severity.shape, f"{network} has {found} labels, not {expected}")
    verb, what = "takes" if axis else "gives", "pixels" if fields == {"pixels"} else "numbers"
    return Fault(Severity.shape, f"{network} {verb} {found} {what}, not {expected}")
