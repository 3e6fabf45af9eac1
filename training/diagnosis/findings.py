"""A file of weights beside the homework's, layer by layer: what was expected, what was found, what that means."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from torch import Tensor

from models.family import with_article
from models.recognition.layouts import every_layout, homework_layout, shapes_of
from training.checkpoints.pickle_scan import shown
from training.checkpoints.reading import Understood, plain_names, understand
from training.checkpoints.tensor_statistics import Statistics, statistics_of
from training.diagnosis.faults import (
    FLOATS,
    OPTIMISER,
    Fault,
    Severity,
    extra_fault,
    missing_fault,
    possessive,
    shape_fault,
    size_words,
    sizes_apart,
    value_fault,
)
from training.diagnosis.name_matching import Match, is_optimiser_name, module_of, nearest
from training.system.errors import UserError

__all__ = ["Diagnosis", "Layer", "Nearest", "diagnose", "examine"]

MOST_LAYERS = 300  # beside the homework's own
LISTED = 5  # names in a note
ABSURD = 1e3  # no weight of a trained model here comes near
KNOWN = 0.3  # the share of a family's tensors that a file must have to be called one


class Layer(NamedTuple):
    """One tensor of the file, or one that it lacks.

    Attributes:
        name: as the file has it, cut to what a line can hold.
        expected: its shape in the homework's network; None where that has no such tensor.
        found: its shape in the file; None where it is missing.
        meaning: what is probably wrong, and what to do; "" where it fits.
    """

    name: str
    expected: tuple[int, ...] | None
    found: tuple[int, ...] | None
    meaning: str = ""


class Nearest(NamedTuple):
    """The family that a file comes closest to: its key, and the name people use."""

    name: str
    title: str


@dataclass(frozen=True)
class Diagnosis:
    """What a file of weights is, or why it is none.

    Attributes:
        fits: it loads as a model.
        nearest: the family that it is, or comes closest to.
        verdict: one sentence: what it is, or what is wrong and what to do.
        layers: the homework's tensors in their order, then what the file has beside them.
        notes: what stops nothing, one sentence each.
    """

    fits: bool
    nearest: Nearest
    verdict: str
    layers: list[Layer]
    notes: list[str]

    def as_json(self) -> dict[str, Any]:
        """The same in dicts, lists, strings and numbers."""
        return {
            "fits": self.fits,
            "nearest": self.nearest._asdict(),
            "verdict": self.verdict,
            "layers": [layer._asdict() for layer in self.layers],
            "notes": self.notes,
        }


class _Row(NamedTuple):
    layer: Layer
    fault: Fault | None = None


def diagnose(tensors: Mapping[str, Tensor], name: str, facts: Mapping[str, str] | None = None) -> Diagnosis:
    """Compare a file's tensors with those of the family they come closest to. Never raises, whatever the tensors.

    Arguments:
        tensors: as `read_tensors` gives them.
        name: of the file; the verdict begins with it.
        facts: what the file says about itself, as `read_tensors` gives it.
    """
    return examine(tensors, name, facts).diagnosis


class Examined(NamedTuple):
    """A file's tensors, understood as a model or refused in one sentence, and what was found in them."""

    understood: Understood | None
    diagnosis: Diagnosis
    refusal: str


def examine(tensors: Mapping[str, Tensor], name: str, facts: Mapping[str, str] | None = None) -> Examined:
    """The same as `diagnose`, together with the model that the tensors are."""
    plain = {str(key): value for key, value in plain_names(tensors).items()}
    numbers = dict(zip(plain, statistics_of(plain), strict=True))
    shapes = {key: tuple(value.shape) for key, value in plain.items()}
    understood, refusal = None, ""
    try:
        understood = understand(plain, facts or {}, name)
    except UserError as error:
        refusal = str(error)
    match = _match_of(understood, shapes) if understood else nearest(shapes)
    rows = [*_own_rows(match, plain, numbers), *_extra_rows(match, shapes)]
    if understood:
        rows = [_Row(row.layer._replace(meaning="")) for row in rows]
    family = match.layout.family
    notes = [
        *_size_notes(match, loads=bool(understood)),
        *_likelihood_notes(understood),
        *_file_notes(match, tensors, plain),
        *_number_notes(numbers),
    ]
    if more := max(len(match.extra) - MOST_LAYERS, 0):
        notes.append(f"The table leaves out {more:,} of the {len(plain):,} tensors.")
    diagnosis = Diagnosis(
        fits=understood is not None,
        nearest=Nearest(family.name, family.title),
        verdict=" ".join((_loads(match, name) if understood else _fails(match, rows, name, refusal)).split()),
        layers=[row.layer for row in rows],
        notes=notes,
    )
    return Examined(understood, diagnosis, refusal)


def _match_of(understood: Understood, shapes: Mapping[str, tuple[int, ...]]) -> Match:
    layout = homework_layout(understood.family)
    found = {name: name for name in layout.shapes if name in shapes}
    extra = tuple(name for name in shapes if name not in found)
    return Match(layout, understood.config, shapes_of(understood.family, understood.config), found, extra, 0.0)


def _own_rows(match: Match, tensors: Mapping[str, Tensor], numbers: Mapping[str, Statistics]) -> Iterable[_Row]:
    """The family's tensors, each beside the file's."""
    for name, expected in match.layout.shapes.items():
        theirs = match.found.get(name)
        if theirs is None:
            if name not in match.layout.constants:
                fault = missing_fault(match, name)
                yield _Row(Layer(name, expected, None, fault.meaning), fault)
            continue
        found = tuple(tensors[theirs].shape)
        suspected = (
            _name_fault(match, name, theirs, found),
            shape_fault(match, name, found),
            value_fault(tensors[theirs], numbers[theirs]),
        )
        faults = sorted(fault for fault in suspected if fault is not None)
        if not faults:
            yield _Row(Layer(shown(theirs), expected, found, size_words(match, name) if found != expected else ""))
            continue
        meaning = "; ".join(fault.meaning for fault in faults)
        yield _Row(Layer(shown(theirs), expected, found, meaning), faults[0]._replace(meaning=meaning))


def _name_fault(match: Match, name: str, theirs: str, found: tuple[int, ...]) -> Fault | None:
    if name == theirs:
        return None
    stack = module_of(module_of(name))
    if any(module_of(module_of(extra)) == stack for extra in match.extra):
        return Fault(Severity.naming, f"{possessive(match.layout.preset)} {name}, one layer further on")
    if found != match.shapes[name]:
        return Fault(Severity.naming, f"stands where {name} must be: rename it")
    return Fault(Severity.naming, f"the same shape as {name}: rename it")


def _extra_rows(match: Match, shapes: Mapping[str, tuple[int, ...]]) -> Iterable[_Row]:
    for name in match.extra[:MOST_LAYERS]:
        fault = extra_fault(match, name, shapes)
        yield _Row(Layer(shown(name), None, shapes[name], fault.meaning if fault else ""), fault)


def _loads(match: Match, name: str) -> str:
    title, preset = match.layout.family.title, match.layout.preset
    if sizes_apart(match):
        return f"{name} is {with_article(title)}: it loads, but its sizes are not {possessive(preset)}."
    return f"{name} is {with_article(title)} of {possessive(preset)} sizes: it loads."


def _fails(match: Match, rows: list[_Row], name: str, refusal: str) -> str:
    title, count = match.layout.family.title, len(match.layout.shapes) - len(match.layout.constants)
    if not match.found and not match.extra:
        return f"{name} holds no tensors: save it with torch.save(model.state_dict(), path)."
    present = sum(key not in match.layout.constants for key in match.found)
    if any(map(is_optimiser_name, match.extra)) and not present:
        return f"{name} is no model: {OPTIMISER}; save the model's with torch.save(model.state_dict(), path)."
    if present < KNOWN * count:
        return (
            f"{name} is none of the models known here: the nearest is {with_article(title)}, and it has {present} of "
            f"its {count} tensors; the homework's names are enc.net.0.weight, dec.net.0.weight and so on."
        )
    faults = [row for row in rows if row.fault and row.fault.severity < Severity.nothing]
    if not faults:
        return refusal
    if all(row.fault and row.fault.severity == Severity.naming for row in faults):
        return f"{name} is {with_article(title)}, but its tensors have other names: rename them as the table says."
    worst = min(faults, key=lambda row: row.fault or Fault(Severity.nothing, ""))
    first = next(row for row in faults if row.fault and worst.fault and row.fault.severity == worst.fault.severity)
    others = f" and {len(faults) - 1} more" if len(faults) > 1 else ""
    return (
        f"{name} looks like {with_article(title)}, but it does not load: {first.layer.meaning} "
        f"({first.layer.name}{others})."
    )


def _size_notes(match: Match, *, loads: bool) -> Iterable[str]:
    outcome = "it loads, but is" if loads else "by itself it would load, but it is"
    for text in sizes_apart(match).values():
        yield f"{text}: {outcome} not {possessive(match.layout.preset)} network."


def _likelihood_notes(understood: Understood | None) -> Iterable[str]:
    if understood is not None and understood.assumed:
        yield (
            "The file does not say the variance of p(x|z), and no shape tells it. The recipe's is assumed: "
            f"{understood.config.likelihood}. With another one every NELBO is another."
        )


def _file_notes(match: Match, tensors: Mapping[str, Tensor], plain: Mapping[str, Tensor]) -> Iterable[str]:
    if any(str(key) not in plain for key in tensors):
        yield "Its names begin with module. or _orig_mod., as DataParallel and torch.compile have it: that is left out."
    absent = [name for name in match.layout.constants if name not in match.found]
    if absent:
        yield f"Not in the file: {_listed(sorted(absent))}; fixed values are used."
    shapes = {name: tuple(value.shape) for name, value in plain.items()}
    numbers = match.layout.preset.model.free_numbers()  # such a tensor is read, though no model has it
    ignored = [name for name in match.extra if name not in numbers and extra_fault(match, name, shapes) is None]
    if ignored:
        yield f"Left out, since {with_article(match.layout.family.title)} has no such tensors: {_listed(ignored)}."
    for layout in every_layout():
        theirs = [name for name in match.extra if name in layout.shapes]
        lacking = [name for name in layout.shapes if name not in plain and name not in layout.constants]
        if theirs and 0 < len(lacking) <= LISTED:
            yield (
                f"{_listed(theirs)} belongs to {with_article(layout.family.title)}, but {_listed(lacking)} is not in "
                f"the file: without it this is a plain {match.layout.family.title}."
            )
    if statistics := [name for name in plain if name.endswith(("running_mean", "running_var"))]:
        owner = possessive(match.layout.preset)
        yield f"Running statistics of BatchNorm, which {owner} networks do not have: {_listed(statistics)}."
    if averages := [name for name in match.extra if is_optimiser_name(name)]:
        yield f"An optimiser's averages, and no weights: {_listed(averages)}."
    for dtype in sorted({str(value.dtype) for value in plain.values() if value.dtype in FLOATS} - {"torch.float32"}):
        kept = [name for name, value in plain.items() if str(value.dtype) == dtype]
        yield f"Stored as {dtype.removeprefix('torch.')} and read as float32: {_listed(kept)}."


def _number_notes(numbers: Mapping[str, Statistics]) -> Iterable[str]:
    large = {
        name: max(abs(found.least), abs(found.largest))
        for name, found in numbers.items()
        if found.least is not None and found.largest is not None and found.dtype in _float_names()
    }
    if absurd := [f"{shown(name)} (up to {value:.3g})" for name, value in large.items() if value > ABSURD]:
        yield f"Absurdly large values, as where a training diverges: {_joined(absurd)}."
    if broken := [f"{shown(name)} ({found.not_finite:,})" for name, found in numbers.items() if found.not_finite]:
        yield f"Values that are not finite numbers: {_joined(broken)}."


def _float_names() -> set[str]:
    return {str(dtype).removeprefix("torch.") for dtype in FLOATS}


def _listed(names: list[str]) -> str:
    return _joined([shown(name) for name in names])


def _joined(parts: list[str]) -> str:
    more = len(parts) - LISTED
    return ", ".join(parts[:LISTED]) + (f" and {more:,} more" if more > 0 else "")
