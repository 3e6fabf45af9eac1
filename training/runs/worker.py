"""Train into a run folder and leave a truthful status behind, however it ends."""

import logging
import traceback
from collections.abc import Callable

from training.data.datasets import load_dataset
from training.runs.events import Event
from training.runs.run_folder import Status
from training.runs.run_writer import RunTakenOver, RunWriter
from training.runs.trainer import train
from training.system.errors import UserError
from training.system.files import replace_file

__all__ = ["train_into"]

log = logging.getLogger(__name__)


def train_into(
    writer: RunWriter,
    *,
    should_stop: Callable[[], bool] = lambda: False,
    on_event: Callable[[Event], None] = lambda event: None,
) -> Status:
    """Carry out the training that `writer`'s config describes, from the state that it kept if there is one.

    The run ends `finished`, `stopped` (it can be resumed) or `failed`: then the status says why, the last sound
    checkpoint is kept, and an error that is not the user's leaves its traceback in `error.txt`.

    Returns:
        The final status. Failures are in it; they are not raised.
    """

    def asked_to_stop() -> bool:
        writer.beat()  # at every step: fifty slow ones between two measurements must not look like an interruption
        return should_stop() or writer.asked_to_stop()

    config, step = writer.config, 0
    try:
        writer.update(state="running")
        for event in train(config, load_dataset(config.data), should_stop=asked_to_stop, resume=writer.kept):
            writer.record(event)
            on_event(event)
            step = event.step
        return writer.update(state="finished" if step == config.steps else "stopped", step=step)
    except RunTakenOver as error:
        return Status(state="failed", steps=config.steps, message=str(error))
    except UserError as error:
        return _fail(writer, str(error))
    except OSError as error:
        return _fail(writer, f"A file could not be read or written ({error}): put that right, then resume the run.")
    except Exception as error:  # the thread's last line of defence: a run never just vanishes
        log.exception("Training of %s failed", writer.path)
        return _fail(
            writer,
            f"Training stopped unexpectedly ({type(error).__name__}: {error}); details are in error.txt "
            "of the run's folder, beside its last checkpoint.",
            details=traceback.format_exc(),
        )


def _fail(writer: RunWriter, message: str, details: str = "") -> Status:
    try:
        if details:
            replace_file(writer.path / "error.txt", details.encode())
        return writer.update(state="failed", message=message)
    except OSError:  # the folder is gone or its disk is full: the answer is all that is left to give
        return Status(state="failed", steps=writer.config.steps, message=message)
