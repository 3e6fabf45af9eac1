"""Hears what is asked of a run in its control file while it trains, and lets the training pause, crawl and change."""

import time
from collections.abc import Callable, Sequence

from training.runs.events import Changed
from training.runs.run_writer import RunWriter
from training.runs.steering import Steering

__all__ = ["Listening"]

LOOK_SECONDS = 0.1
WAIT_SECONDS = 0.02  # between two looks while it is paused


class Listening(Steering):
    """Steers the training of one run folder.

    Arguments:
        interrupted: whether the process itself was asked to end.

    Attributes:
        stopped: it was asked to stop, here or there.
    """

    def __init__(self, writer: RunWriter, interrupted: Callable[[], bool] = lambda: False) -> None:
        self._writer, self._interrupted = writer, interrupted
        self._looked, self._stepped = 0.0, 0.0
        self._paused = self._rested = self._wants_step = self._watched = self._news = False
        self._pace = 0.0
        self._changes: list[tuple[str, float]] = []
        self.stopped = False

    def changes(self, step: int) -> Sequence[Changed]:
        """What was asked for since the last look, ten times a second at most."""
        self._listen()
        asked, self._changes = self._changes, []
        return [Changed(step, setting, value) for setting, value in asked]  # type: ignore[arg-type]

    def should_save(self) -> bool:
        """When a pause begins."""
        begins, self._rested = self._paused and not self._rested, self._paused
        return begins

    def waits(self) -> bool:
        """While it is paused, and between two steps of slow motion."""
        if self._news:
            self._news = False
            self._writer.update(state="paused" if self._paused else "running", pace=self._pace)
        self._writer.beat()  # at every step: fifty slow ones must not look like an interruption
        if not self._ends() and self._is_early():
            time.sleep(WAIT_SECONDS)
            self._looked = 0.0
            return True
        self._watched = self._wants_step or (self._pace > 0 and not self._paused)
        self._wants_step, self._stepped = False, time.monotonic()
        return False

    def should_stop(self) -> bool:
        """Once somebody has asked for it."""
        return self.stopped

    def watches(self) -> bool:
        """In slow motion, and for a single step."""
        return self._watched

    def _ends(self) -> bool:
        self.stopped = self.stopped or self._interrupted()
        return self.stopped

    def _is_early(self) -> bool:
        if self._paused:
            return not self._wants_step
        return self._pace > 0 and time.monotonic() - self._stepped < 1 / self._pace

    def _listen(self) -> None:
        """Look into the control file, ten times a second at most."""
        now = time.monotonic()
        if now - self._looked < LOOK_SECONDS:
            return
        self._looked = now
        commands = self._writer.listen()
        for command in commands:
            match command.do:
                case "pause":
                    self._paused = True
                case "go":
                    self._paused = self._wants_step = False
                case "stop":
                    self.stopped = True
                case "step":
                    self._paused = self._wants_step = True
                case "pace":
                    self._pace = command.value
                case setting:
                    self._changes.append((setting, command.value))
        self._news = self._news or bool(commands)
