"""Make a shipped model: train its preset on the full data, measure it, write weights, card and first pictures.

Weights that ship can be measured again too, when the way of measuring has changed.
"""

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import torch

from models.contract import Conditional, role
from models.registry import PRESETS, family_of
from training.checkpoints.reading import Checkpoint, load_checkpoint
from training.data.datasets import load_dataset
from training.data.registry import default_data_set, evaluation_set, whole
from training.evaluation.classification import accuracy
from training.evaluation.evaluate import default_bounds, measure, measure_accuracy, measure_style
from training.pictures.style_bank import write_bank
from training.pictures.styles import make_bank
from training.release.cards import Card, Numbers, read_card, write_card
from training.release.first_pictures import write_first_pictures
from training.release.label_points import LabelPoint
from training.release.seeds import Curve, Seeded
from training.runs.config import TrainConfig
from training.runs.events import Event
from training.runs.run_folder import Run
from training.runs.run_writer import RunWriter
from training.runs.worker import train_into
from training.system.device import describe_machine, versions
from training.system.errors import UserError
from training.system.folders import PRETRAINED

__all__ = ["make_label_point", "make_seed", "pretrain", "remeasure"]

LARGE = 1000  # images: of a larger set IWAE-1000 takes minutes, and its spread over seeds is that of IWAE-100


def pretrain(
    preset: str,
    folder: Path,
    work: Path,
    *,
    seed: int,
    steps: int | None = None,
    on_event: Callable[[Event], None] = lambda event: None,
    on_progress: Callable[[str, float], None] = lambda name, fraction: None,
) -> Card:
    """Train a preset on the full data and ship it in `folder`.

    Arguments:
        work: run folder of the training; an interrupted run there is resumed, a finished one is measured as it is.
        steps: the preset's own when absent; a run that went as far already is measured as it is.
        on_event: called with the training's events; on_progress: with the progress of measuring.

    Raises:
        UserError: no such preset, the full data are not on disk, or the training failed or was stopped.
    """
    kind = family_of(preset).images if preset in PRESETS else "binary"  # one that there is not is refused by its config
    source = default_data_set(kind)
    config = TrainConfig.from_preset(preset, data=source.name, seed=seed, steps=steps)
    _train_to_the_end(config, work, on_event)
    run, checkpoint = Run(work), load_checkpoint(work)
    model = checkpoint.model
    numbers = _numbers(checkpoint, on_progress)
    status = run.status()
    card = Card(
        name=preset,
        family=config.family,
        summary=PRESETS[preset].summary,
        parameters=sum(value.numel() for value in model.parameters()),
        steps=status.step,
        seed=config.seed,
        data=config.data,
        training=config.model_dump(mode="json"),
        trained={"date": date.today().isoformat()},
        versions=versions(),
        hardware=describe_machine(torch.device(config.device)),
        sha256=checkpoint.sha256,
        selection=PRESETS[preset].selection if config.seed == PRESETS[preset].shipped_seed else "",
        **numbers,
    )
    folder.mkdir(parents=True, exist_ok=True)  # only now: no model ships without its numbers
    shutil.copyfile(run.checkpoint_file, folder / "model.safetensors")
    shutil.copyfile(run.metrics_file, folder / "metrics.jsonl")
    write_card(folder, card)
    if (conditional := role(checkpoint.model, Conditional)) is not None:
        write_bank(folder, make_bank(conditional, load_dataset(config.data).test), checkpoint.sha256)
    write_first_pictures(folder)
    return card


def remeasure(folder: Path, *, on_progress: Callable[[str, float], None] = lambda name, fraction: None) -> Card:
    """Measure shipped weights again and write their card anew; weights and training stay as they are.

    Raises:
        UserError: there are no weights or no card, they do not belong together, or the full data are not on disk.
    """
    card, checkpoint = read_card(folder), load_checkpoint(folder)
    if card.sha256 != checkpoint.sha256:
        raise UserError(
            f"The card of {folder.name} is of other weights than those beside it: remake both with `python -m training "
            f"pretrain {folder.name}`."
        )
    card = replace(card, **_numbers(checkpoint, on_progress))
    write_card(folder, card)
    return card


def _numbers(checkpoint: Checkpoint, on_progress: Callable[[str, float], None]) -> dict[str, Any]:
    """The fields of a card that are measured."""
    names = whole(checkpoint.data).measured_by_default
    reports = measure(checkpoint, names, on_progress=on_progress)
    style = measure_style(checkpoint, report=reports[names[-1]])
    machine = describe_machine(torch.device("cpu"))
    return {
        "sets": {name: Numbers(**report.as_json()) for name, report in reports.items()},
        "accuracy": None if (right := measure_accuracy(checkpoint)) is None else right.share,
        "disentanglement": None if style is None else style.as_json(),
        "measured": {"date": date.today().isoformat(), **machine, "torch": versions()["torch"]},
    }


def make_label_point(
    preset: str, labelled: int, work: Path, *, seed: int = 0, on_event: Callable[[Event], None] = lambda event: None
) -> LabelPoint:
    """Train an SSVAE preset with all its steps on the full data and so many labels, and measure its accuracy.

    Arguments:
        work: run folder of the training, as in `pretrain`.

    Raises:
        UserError: see `pretrain`; or no such number of labels.
    """
    source = default_data_set(family_of(preset).images)
    config = TrainConfig.from_preset(preset, data=source.name, seed=seed, model={"labelled": labelled})
    _train_to_the_end(config, work, on_event)
    reached = accuracy(load_checkpoint(work).model, load_dataset(config.data).test)
    return LabelPoint(preset, labelled, reached, config.steps, seed)


def make_seed(
    preset: str,
    work: Path,
    *,
    seed: int,
    cores: int = 1,
    on_event: Callable[[Event], None] = lambda event: None,
    on_progress: Callable[[str, float], None] = lambda name, fraction: None,
) -> Seeded:
    """Train a shipped model's recipe once more with another seed, and measure what it reaches.

    Arguments:
        work, on_event, on_progress: as in `pretrain`.
        cores: of this machine that measure at once; no digit depends on it.

    Raises:
        UserError: see `pretrain`; or this is the seed of the weights that ship.
    """
    card = read_card(PRETRAINED / preset)
    if seed == card.seed:
        raise UserError(f"Seed {seed} is that of the weights that ship: choose another one.")
    config = TrainConfig.from_preset(preset, data=card.data, seed=seed, steps=card.steps)
    _train_to_the_end(config, work, on_event)
    checkpoint, sets = load_checkpoint(work), dict[str, Numbers]()
    for name in whole(checkpoint.data).measured_by_default:
        large = evaluation_set(name)[1].images > LARGE
        bounds = [m for m in default_bounds(checkpoint, name) if m < LARGE or not large]
        report = measure(checkpoint, [name], bounds, cores=cores, on_progress=on_progress)[name]
        sets[name] = Numbers(**report.as_json())
    right, table = measure_accuracy(checkpoint), Run(work).metrics("held-out")
    terms = {name: [round(value, 2) for value in table.terms[name]] for name in ("nelbo", "kl", "rec")}
    curve = Curve(table.steps, **terms)
    return Seeded(seed, False, sets, None if right is None else right.share, curve)


def _train_to_the_end(config: TrainConfig, work: Path, on_event: Callable[[Event], None]) -> None:
    load_dataset(config.data)  # before any folder is made: missing data leave no trace
    begun = (work / "config.json").exists()
    kept = begun and Run(work).checkpoint_file.is_file()
    if not kept or (load_checkpoint(work).step or 0) < config.steps:
        status = train_into(RunWriter(work, config, resume=begun), on_event=on_event)
        if status.state != "finished":
            stopped = f"{config.preset} was stopped at step {status.step:,} of {status.steps:,}: call again to resume."
            raise UserError(status.message or stopped)
