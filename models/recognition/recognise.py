"""Which family a file's tensors are, from their names and shapes alone; every tensor must be explained by it."""

from collections.abc import Iterator
from functools import cache

from models.family import Family, ModelConfig, Shapes, with_article
from models.recognition.layouts import Layout, every_layout, shapes_of

__all__ = ["Unrecognised", "is_aside", "recognise"]

HOMEWORK_CONSTANTS = ("x_v", "y_prior")  # some homework code stores them; every family here has them fixed
KNOWN = 0.5  # the share of a family's tensors that a file must have to be called one
LISTED = 4
MOST_AXES = 6  # of a shape that is shown in full


class Unrecognised(ValueError):
    """The tensors are no family's; the text goes on from the file's name."""


def is_aside(name: str, shape: tuple[int, ...]) -> bool:
    """Whether a tensor may stand beside a model's: a single number, such as a count of steps, or a known constant."""
    a_number = "." not in name and shape in ((), (1,)) and name not in _names_of_families()
    return name in HOMEWORK_CONSTANTS or a_number


@cache
def _names_of_families() -> frozenset[str]:
    return frozenset(name for layout in every_layout() for name in layout.shapes)


def recognise(shapes: Shapes) -> tuple[Family, ModelConfig]:
    """The family and the sizes whose state_dict has these names and shapes; the registry's first where several do.

    Buffers may be missing. A tensor that the family does not have is never left aside, but for `is_aside`.

    Raises:
        Unrecognised: no family has these names and shapes; it says which comes closest and what is wrong.
    """
    complaints: list[tuple[float, str]] = []
    for layout in every_layout():
        if len(layout.required - shapes.keys()) >= (1 - KNOWN) * len(layout.required):
            continue
        config, faults = _faults(layout, shapes)
        if not faults:
            return layout.family, config
        complaints.append((len(faults), f"looks like {with_article(layout.family.title)}, but {faults[0]}."))
    if complaints:
        raise Unrecognised(min(complaints, key=lambda found: found[0])[1])
    shown = ", ".join(name[:40] for name in sorted(shapes)[:LISTED])
    raise Unrecognised(
        f"is not a model known here: it holds {shown}; the homework's names are enc.net.0.weight, dec.net.0.weight and "
        "so on."
    )


def _faults(layout: Layout, shapes: Shapes) -> tuple[ModelConfig, list[str]]:
    """The config that comes closest, and what then still keeps the tensors from being this family's."""
    config = layout.fitted({name: shapes[name] for name in layout.shapes if name in shapes})[0]
    return config, list(_complaints(layout, shapes, shapes_of(layout.family, config)))


def _complaints(layout: Layout, shapes: Shapes, expected: Shapes) -> Iterator[str]:
    for name in expected:
        if name not in shapes and name not in layout.constants:
            yield f"it lacks {name[:40]}: save the whole model.state_dict()"
    for name in expected:
        if name in shapes and shapes[name] != expected[name]:
            needed = f"{expected[name]}{_why(layout, name)}"
            yield f"{name[:40]} has {_shown(shapes[name])} where its other layers ask for {needed}"
    for name in sorted(shapes.keys() - expected.keys()):
        if not is_aside(name, shapes[name]):
            yield f"{name[:40]} is no part of one: nothing here knows what to do with it"


def _shown(shape: tuple[int, ...]) -> str:
    return f"shape {shape}" if len(shape) <= MOST_AXES else f"{len(shape)} axes"


def _why(layout: Layout, name: str) -> str:
    """What an axis of two numbers for each latent dimension is for: a student's commonest slip."""
    halves = any(length.times == {"z": 2} for length in layout.lengths[name])
    return ": the encoder must give a mean and a variance for each latent dimension" if halves else ""
