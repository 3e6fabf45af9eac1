"""Train into a run folder and leave a truthful status behind, however it ends."""

import errno
import logging
import traceback
from collections.abc import Callable

from training.checkpoints.reading import load_checkpoint
from training.data.datasets import load_dataset
from training.runs.events import Event
from training.runs.listening import Listening
from training.runs.run_folder import START, Status
from training.runs.run_writer import RunWriter
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
    checkpoint is kept, and an error that is not the user's leaves its traceback in `error.txt`. The writer is closed.

    Returns:
        The final status. Failures are in it; they are not raised.
    """
    config, listening, step = writer.config, Listening(writer, should_stop), 0
    try:
        writer.update(state="running")
        data = load_dataset(config.data)
        forked = writer.kept is None and (writer.path / START).exists()
        start = load_checkpoint(writer.path / START).state if forked else None
        for event in train(config, data, steering=listening, resume=writer.kept, start=start, changes=writer.changes):
            writer.record(event)
            on_event(event)
            step = event.step
        if step == config.steps:
            return writer.end(state="finished", step=step)
        if listening.stopped:
            return writer.end(state="stopped", step=step)
        early = f"It stopped early: {config.early_stop:,} looks at the held-out images brought no lower NELBO."
        return writer.end(state="finished", step=step, message=early)
    except UserError as error:
        return _fail(writer, str(error))
    except OSError as error:
        return _fail(writer, _what_to_do(error))
    except Exception as error:  # the thread's last line of defence: a run never just vanishes
        log.exception("Training of %s failed", writer.path)
        return _fail(
            writer,
            f"Training stopped unexpectedly ({type(error).__name__}: {error}); details are in error.txt "
            "of the run's folder, beside its last checkpoint.",
            details=traceback.format_exc(),
        )
    finally:
        writer.close()


def _what_to_do(error: OSError) -> str:
    if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
        return "The disk is full: free some space, then resume the run; its last checkpoint is kept."
    return f"A file could not be read or written ({error}): put that right, then resume the run."


def _fail(writer: RunWriter, message: str, details: str = "") -> Status:
    try:
        status = writer.end(state="failed", message=message)
        if details:
            replace_file(writer.path / "error.txt", details.encode())
        return status
    except OSError:  # the folder is gone, or nothing can be written there: the answer is all that is left to give
        return writer.status.model_copy(update={"state": "failed", "message": message})
