"""A run as one program that trains it again and prints its NELBO: a Python script, and the same as a notebook.

The model is cut out of the installed source, so it is the app's own; the loop is written once, in `retrain.jinja`, and
the tests hold every family's program to the bits of its run.
"""

import inspect
import json
import re
import textwrap
from collections.abc import Callable, Iterable
from itertools import groupby
from pathlib import Path
from types import FunctionType
from typing import Any, NamedTuple

from models.contract import Batch, Conditional, Density
from models.family import Family, ModelConfig
from training.data.data_set import DataSet
from training.data.idx_files import IdxFiles
from training.data.pixel_draws import as_seen
from training.data.registry import data_set
from training.runs.run_folder import START, UPLOADED, Run, read_changes
from training.runs.schedule import HELD_OUT_EVERY, Schedule
from training.system.errors import UserError
from training.system.templates import template
from training.takeaway.own_source import Program, cut_out, import_rank, method_source

__all__ = ["notebook", "retrain_script", "why_no_script"]

WIDTH = 116
HERE = Path(__file__).parent
CELL = re.compile(r"^# %%(?P<words> \[markdown\])?\n", re.MULTILINE)
OURS = ("ast", "gzip", "json", "math", "struct", "sys", "time", "zipfile", "zlib")


class Reading(NamedTuple):
    """How a program reads the images of a data set.

    Attributes:
        files: where they are, in words.
        folder: where they are unless somebody says it.
        code: defines `read(split)`.
        part: that holds the labelled images, where the data set has one.
    """

    files: str
    folder: str
    code: str
    part: str = ""


def why_no_script(run: Run) -> str:
    """Why no program can train this run again: a sentence; "" where one can."""
    config = run.config
    if run.status().message == UPLOADED:
        return "These weights were trained elsewhere, so no program here trains them again."
    if config.device != "cpu":
        return f"This run was trained on {config.device}; programs are made of runs on the processor, bit for bit."
    if not config.family_entry.plays(Density) and not config.family_entry.plays(Conditional):
        return f"The {config.family_entry.title} has no NELBO for a program to print."
    if reading_of(data_set(config.data)) is None:
        return f"No program here knows how to read {data_set(config.data).title}: take the whole run along."
    return ""


def retrain_script(run: Run, file_name: str = "retrain.py") -> str:
    """The program, with PyTorch as its one requirement.

    Raises:
        UserError: there can be none; the sentence says why.
    """
    if why := why_no_script(run):
        raise UserError(why)
    config, family = run.config, run.config.family_entry
    about = data_set(config.data)
    reading = reading_of(about)
    assert reading is not None
    words = _words(run, about, reading) | {"file_name": file_name}
    methods: list[FunctionType] = []
    while True:  # until no further property of the config is asked for
        program = template(HERE / "retrain.jinja").render(
            words, imports=[], parts=[], methods=[_as_member(method) for method in methods]
        )
        cut = _cut(program, family, type(config.model), methods)
        asked = [each for each in _members(type(config.model)) if each.__name__ in cut.asked]
        if asked == methods:
            break
        methods = asked
    whole = template(HERE / "retrain.jinja").render(
        words,
        imports=_merged([*_own_imports(program), *cut.imports]),
        parts=cut.parts,
        methods=[_as_member(method) for method in methods],
    )
    return re.sub(r"\n{4,}", "\n\n\n", whole).strip() + "\n"


def notebook(run: Run) -> str:
    """The same as a notebook (nbformat 4), a cell for each of the program's parts.

    Raises:
        UserError: as `retrain_script`.
    """
    pieces = CELL.split(retrain_script(run))
    cells = [_cell(pieces[0], words=False)]
    cells += [_cell(text, words=bool(words)) for words, text in zip(pieces[1::2], pieces[2::2], strict=True)]
    about = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    return json.dumps({"cells": cells, "metadata": about, "nbformat": 4, "nbformat_minor": 4}, indent=1) + "\n"


def _cell(text: str, *, words: bool) -> dict[str, Any]:
    if words:
        text = "\n".join(line.removeprefix("#").removeprefix(" ") for line in text.strip().splitlines())
        return {"cell_type": "markdown", "metadata": {}, "source": text.splitlines(keepends=True)}
    source = text.strip("\n").splitlines(keepends=True)
    return {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": source}


def _cut(program: str, family: Family, config: type[ModelConfig], methods: list[FunctionType]) -> Program:
    roots = {family.model.__name__: family.model, "Batch": Batch, "as_seen": as_seen}
    return cut_out(program, roots, config=config, methods=methods)


def _words(run: Run, about: DataSet, reading: Reading) -> dict[str, Any]:
    """What fills the template, but for the model itself."""
    config, status = run.config, run.status()
    rows = read_changes(run.path)
    changes = {
        step: [(row["setting"], row["value"]) for row in of] for step, of in groupby(rows, key=lambda row: row["step"])
    }
    changed = {row["setting"] for row in rows}
    held_out = run.metrics("held-out")
    ended = not status.active and status.step > 0
    end = status.step if ended and status.state != "finished" else config.steps
    known = ended and held_out.steps and held_out.steps[-1] == status.step and "nelbo" in held_out.terms
    labels = config.family_entry.model.uses_labels
    forked = (run.path / START).is_file()
    code = reading.code
    if labels:
        positions = about.labelled_first if isinstance(about.labelled_first, list) else None
        code += "\n\n" + _reader("labelled", positions=positions, part=reading.part, classes=len(about.classes))
    if forked:
        code += "\n\n" + _reader("start")
    return {
        "run_id": run.id,
        "title": config.family_entry.title,
        "sentence": _commented(
            f"{config.family_entry.sentence} This is the run {run.id}, made from the recipe {config.preset}; it learns "
            f"from {about.title}: {about.train_images:,} training and {about.test_images:,} test {about.plural}."
        ),
        "data_files": reading.files,
        "folder": reading.folder,
        "config": config,
        "end": end,
        "look_every": HELD_OUT_EVERY * Schedule(config.steps).stretch,
        "changes": changes,
        "changes_kl": "kl_weight" in changed,
        "changes_warmup": "warmup" in changed,
        "measured": repr(held_out.terms["nelbo"][-1]) if known else None,
        "config_class": type(config.model).__name__,
        "config_about": (inspect.getdoc(type(config.model)) or "Its sizes.").partition("\n")[0],
        "model_settings": {name: repr(value) for name, value in config.model.model_dump().items()},
        "model_class": config.family_entry.model.__name__,
        "conditional": config.family_entry.plays(Conditional),
        "labels": labels,
        "forked": forked,
        "binary": about.binary,
        "reading": code.strip("\n"),
        "loss": (inspect.getdoc(config.family_entry.model.objective) or "").partition("\n")[0],
    }


def reading_of(about: DataSet) -> Reading | None:
    """How to read a data set; None where no program knows it."""
    files = getattr(about.open, "__self__", None)
    if isinstance(files, IdxFiles):
        said = f"{about.title}'s four official files, packed or not, there or in {files.folder}/raw"
        return Reading(said, "data", _reader("idx", folder=files.folder, title=about.title))
    if about.name == "mnist-sample":
        said = "mnist-sample.npz and mnist-homework.npz, in the folder assets/ of ELBO Lab"
        return Reading(said, "assets", _reader("npz"), str(about.labelled_first))
    if about.name == "svhn":
        return Reading("train_32x32.mat and test_32x32.mat, there or in SVHN/", "data", _reader("svhn"))
    return None


def _reader(name: str, **words: Any) -> str:
    return template(HERE / "readers" / f"{name}.txt").render(words)


def _members(config: type[ModelConfig]) -> list[FunctionType]:
    """Properties and methods that a config's classes define, of each name the one that counts."""
    found: dict[str, FunctionType] = {}
    for owner in config.__mro__:
        if not issubclass(owner, ModelConfig):
            continue
        for name, value in vars(owner).items():
            function = value.fget if isinstance(value, property) else value
            if isinstance(function, FunctionType) and not name.startswith("_"):
                found.setdefault(name, function)
    return list(found.values())


def _commented(text: str) -> str:
    return "\n".join(f"# {line}" for line in textwrap.wrap(text, WIDTH))


def _as_member(method: Callable[..., object]) -> str:
    return method_source(method).strip("\n")


def _merged(lines: Iterable[str]) -> list[str]:
    """Lines of imports in order, the names of one package on one line, an empty line before other people's packages."""
    names: dict[str, set[str]] = {}
    for line in lines:
        head, _, name = line.partition(" import ")
        names.setdefault(head if name else line, set()).update({name} - {""})
    merged = [f"{head} import {', '.join(sorted(of))}" if of else head for head, of in names.items()]
    merged.sort(key=import_rank)
    first = next((place for place, line in enumerate(merged) if import_rank(line)[0]), len(merged))
    return [*merged[:first], "", *merged[first:]]


def _own_imports(program: str) -> list[str]:
    used = [name for name in OURS if re.search(rf"\b{name}\.", program)]
    return [*(f"import {name}" for name in used), "from pathlib import Path", "import torch"]
