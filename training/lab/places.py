"""Where a run is trained: in a process of this machine, or as a task of the cluster. The launcher alone asks it."""

import time
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen
from typing import Protocol

from training.runs.run_folder import SILENT_SECONDS, Run
from training.runs.run_writer import RunWriter
from training.runs.worker import train_into
from training.system.device import prepare_thread
from training.system.locks import this_machine

__all__ = ["Handle", "Process", "train_there"]

LOOK_SECONDS = 0.2
PATIENCE = SILENT_SECONDS + 5  # until a writer on another machine is known to be dead


class Handle(Protocol):
    """A training that was started."""

    def running(self) -> bool:
        """Whether it has not ended."""

    def why_it_ended(self) -> str:
        """What is known of its end, in a few words; empty if nothing is wrong."""


@dataclass(frozen=True)
class Process:
    """A training in a process of this machine, which uses one core and outlives its server.

    In a thread of the server it would share one interpreter lock with every page: each would slow the other down, the
    more so the more pages are open.
    """

    process: Popen[bytes]

    def running(self) -> bool:
        return self.process.poll() is None

    def why_it_ended(self) -> str:
        return f"code {self.process.returncode}" if self.process.returncode else ""


def train_there(path: Path) -> None:
    """On a machine of the cluster: carry out a queued run, or one whose machine died, from its last kept state.

    One that was stopped meanwhile, or that somebody trains, is left alone.

    Raises:
        UserError: the folder is gone or cannot be written.
    """
    end = time.monotonic() + PATIENCE
    while (status := Run(path).status()).state in ("running", "paused") and time.monotonic() < end:
        if status.host == this_machine():
            return  # its lock says that it lives
        time.sleep(LOOK_SECONDS)
    if status.state in ("queued", "interrupted"):
        prepare_thread()
        train_into(RunWriter(path, Run(path).config, resume=True))
