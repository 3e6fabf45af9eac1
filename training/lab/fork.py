"""Another run from weights that a run kept, with other settings: "what if beta were 4 from here?"."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from models.registry import FAMILIES
from training.checkpoints.reading import load_checkpoint
from training.lab.run_notes import change_notes
from training.people.places import root_of
from training.people.rights import own_place, require
from training.runs.config import TrainConfig
from training.runs.run_folder import Run, new_run_id
from training.runs.run_writer import queue_run
from training.system.errors import UserError, explain, one_of

__all__ = ["fork_steps", "forked_config", "make_fork", "weights_at"]


def fork_steps(run: Run) -> list[int]:
    """The steps whose weights a run kept, its last ones among them, in order."""
    last = [run.status().step] if run.checkpoint_file.is_file() else []
    return sorted({*run.kept_steps(), *last})


def weights_at(run: Run, step: int) -> Path:
    """The file of the weights that a run kept at a step.

    Raises:
        UserError: it kept none there.
    """
    kept = fork_steps(run)
    if step not in kept:
        there = f"{one_of([f'{each:,}' for each in kept])}" if kept else "no step yet"
        raise UserError(f"Run {run.id} kept weights at {there}: fork it there.")
    return run.kept_file(step) if step in run.kept_steps() else run.checkpoint_file


def forked_config(run: Run, weights: Path, changes: Mapping[str, Any]) -> TrainConfig:
    """A run's config with other settings, which the weights must still fit.

    Arguments:
        changes: fields of the config; `model` may name some of the architecture's; a change of None is none.

    Raises:
        UserError: no such setting, a value out of range, damaged weights, or sizes that they do not have.
    """
    wanted = {name: value for name, value in changes.items() if value is not None}
    model = run.config.model.model_dump() | dict(wanted.pop("model", {}))
    try:
        config = TrainConfig.model_validate({**run.config.model_dump(), **wanted, "model": model})
    except ValidationError as error:
        raise UserError(explain(error)) from error
    state = load_checkpoint(weights).state
    expected = FAMILIES[config.family].fresh(config.model, 0).state_dict()
    if {name: value.shape for name, value in state.items()} != {name: value.shape for name, value in expected.items()}:
        raise UserError("A fork keeps the sizes of its model: change weights of the loss, the learning rate, the data.")
    return config


def make_fork(run: Run, step: int, changes: Mapping[str, Any]) -> Path:
    """The folder of a new run that waits for its turn and starts with weights that another kept.

    It stands among the runs of whoever asks, in the runs folder that the other is in.

    Raises:
        UserError: it kept no weights there, they do not fit, the runs folder cannot be written, or others may not train
            from it.
    """
    require("fork", run.path)
    weights, folder = weights_at(run, step), own_place(root_of(run.path.parent))
    config = forked_config(run, weights, changes)
    path = folder / new_run_id(f"{config.preset}-fork", folder)
    queue_run(path, config, parent=run, weights=weights)
    change_notes(path, parent={"run": run.id, "step": step})
    return path
