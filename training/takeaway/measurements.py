"""A run's measurements for other programs: as CSV, and as the event files that TensorBoard reads."""

import importlib.util
import io
import tempfile
import warnings
import zipfile
from pathlib import Path
from typing import Any

from training.checkpoints.exports import as_csv
from training.runs.run_folder import Run
from training.system.errors import UserError
from training.system.scratch import prefix

__all__ = ["events_zip", "measurements_csv", "why_no_events", "write_events"]

SPLITS = ("train", "held-out")


def measurements_csv(run: Run) -> bytes:
    """A row for each measurement, in nats per image where a term is not a share; the columns of all terms."""
    rows: list[tuple[int, dict[str, Any]]] = []
    for split in SPLITS:
        table = run.metrics(split)
        for place, (step, seconds) in enumerate(zip(table.steps, table.seconds, strict=True)):
            terms = {name: values[place] for name, values in table.terms.items() if place < len(values)}
            rows.append((step, {"step": step, "seconds": seconds, "split": split, **terms}))
    return as_csv([row for _, row in sorted(rows, key=lambda each: each[0])])


def why_no_events() -> str:
    """Why no event files can be written here: a sentence; "" where they can."""
    if importlib.util.find_spec("tensorboard") is None:
        return "TensorBoard's files need the package tensorboard: `pip install tensorboard` where this app runs."
    return ""


def write_events(run: Run, folder: Path) -> None:
    """Write a run's measurements as TensorBoard's event files, the seconds of training as their clock.

    Raises:
        UserError: the package tensorboard is not here, or the folder cannot be written.
    """
    if why := why_no_events():
        raise UserError(why)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of packages that it imports
            from torch.utils.tensorboard import SummaryWriter
        for split in SPLITS:
            table = run.metrics(split)
            with SummaryWriter(str(folder / run.id / split)) as events:
                for name, values in table.terms.items():
                    for step, seconds, value in zip(table.steps, table.seconds, values, strict=False):
                        events.add_scalar(name, value, step, walltime=seconds)
    except OSError as error:
        raise UserError(f"{folder} cannot be written ({error.strerror}): choose another place.") from error


def events_zip(run: Run) -> bytes:
    """The same as one zip.

    Raises:
        UserError: as `write_events`.
    """
    out = io.BytesIO()
    with tempfile.TemporaryDirectory(prefix=prefix()) as kept:
        write_events(run, Path(kept))
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(Path(kept).rglob("*")):
                if file.is_file():
                    archive.write(file, file.relative_to(kept))
    return out.getvalue()
