"""The way that a visitor's file takes, watched: what is said of it, what it costs, and what it leaves behind."""

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self
from unittest.mock import patch

from tests.hostile.measured_worker import MEASURES, costs
from tests.hostile.running_pickles import lay_bait
from tests.patience import PATIENCE
from training.checkpoints.quarantine import Quarantine
from training.checkpoints.reading import load_checkpoint, read_tensors
from training.diagnosis.findings import diagnose
from training.system.errors import UserError

__all__ = ["LONGEST_SENTENCE", "Door", "Outcome"]

LONGEST_SENTENCE = 320
NAME = "mine.pt"


class Outcome(NamedTuple):
    """What became of a file.

    Attributes:
        sentence: why it was refused; empty if it is a model.
        seconds: processor time of reading it, in quarantine and then here.
        peak: bytes of memory of the hungriest file so far.
        restarted: its reader's server did not survive it.
    """

    sentence: str
    seconds: float
    peak: int
    restarted: bool

    def complaint(self, folder: Path) -> str:
        """What is wrong with the sentence; empty if it can be shown to a person."""
        if not self.sentence:
            return ""
        wrong = {
            "longer than a sentence": len(self.sentence) > LONGEST_SENTENCE,
            "more than a line": not self.sentence.isprintable(),
            "no full stop": not self.sentence.endswith("."),
            "not about the file": not self.sentence.startswith((NAME, "clean.safetensors")),
            "a traceback": "Traceback" in self.sentence or "Error:" in self.sentence,
            "a path of this machine": str(folder) in self.sentence or str(Path.cwd()) in self.sentence,
        }
        return ", ".join(each for each, found in wrong.items() if found)


class Door:
    """A quarantine whose reader has folders of its own for all that a file might write."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bait, self.marker = folder / "bait", folder / "markers" / "it-ran"
        self._work, self._measures = folder / "work", folder / "measures"
        self._quarantine = Quarantine()
        self._patches = ExitStack()
        self._server = self._seconds = 0.0

    def __enter__(self) -> Self:
        for name in ("work", "markers", "home", "temp"):
            (self.folder / name).mkdir()
        lay_bait(self.bait, self.marker)
        own = {"HOME": "home", "TMPDIR": "temp", "XDG_CACHE_HOME": "home", MEASURES: "measures"}
        environment = {name: str(self.folder / place) for name, place in own.items()}
        self._patches.enter_context(patch.dict(os.environ, environment))
        self._patches.enter_context(patch("training.checkpoints.quarantine.WORKER", "tests.hostile.measured_worker"))
        self._patches.enter_context(patch("training.checkpoints.quarantine.START_SECONDS", PATIENCE))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._quarantine.close()
        self._patches.close()

    def upload(self, content: bytes) -> Outcome:
        """Read a file as the app does: in quarantine, then by the clinic, then as a checkpoint."""
        file, clean = self._work / "file", self._work / "clean.safetensors"
        file.write_bytes(content)
        server = self._quarantine._running().pid
        sentence, began = "", time.thread_time()
        try:
            self._quarantine.read(file, NAME, clean)
            diagnose(read_tensors(clean, NAME).tensors, NAME)
            load_checkpoint(clean)
        except UserError as error:
            sentence = str(error)
        finally:
            clean.unlink(missing_ok=True)
            file.unlink()
        return self._outcome(sentence, server, time.thread_time() - began)

    def _outcome(self, sentence: str, server: int, here: float) -> Outcome:
        running = self._quarantine._server
        restarted = running is None or running.pid != server
        if self._server != server:
            self._server, self._seconds = server, 0.0
        if not self._measures.exists():
            return Outcome(sentence, here, 0, restarted)
        seconds, peak = costs(self._measures)
        spent, self._seconds = seconds - self._seconds, seconds
        return Outcome(sentence, here + spent, peak, restarted)

    def traces(self) -> Iterator[Path]:
        """Whatever files left anywhere; taken away, so that the next file is not blamed."""
        for name in ("work", "markers", "home", "temp"):
            for path in sorted((self.folder / name).rglob("*"), reverse=True):
                yield path
                path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
