"""At which steps a training measures, draws and keeps: a matter of its length alone, so every resume meets them again.

Long runs do it less often, so that a run of ten million steps leaves as much behind as one of 200,000.
"""

from dataclasses import dataclass
from math import ceil

__all__ = ["Schedule"]

LOG_EVERY = 50
HELD_OUT_EVERY = 250
PICTURES_EVERY = 500
EARLY_PICTURES = (100, 200, 300, 400)
UNSTRETCHED = 200_000  # steps: 4,000 measurements, 800 held-out ones, 400 pictures
KEPT = 8
LEAST_BETWEEN_KEPT = 1000


@dataclass(frozen=True)
class Schedule:
    """Of a training of so many steps; each method says whether something is due after a step."""

    steps: int

    @property
    def stretch(self) -> int:
        return max(1, ceil(self.steps / UNSTRETCHED))

    def measures(self, step: int) -> bool:
        """The mean over the last batches."""
        return step % (LOG_EVERY * self.stretch) == 0 or step == self.steps

    def looks_at_held_out(self, step: int) -> bool:
        """The held-out images, and how the model is doing inside."""
        return step % (HELD_OUT_EVERY * self.stretch) == 0 or step == self.steps

    def draws(self, step: int) -> bool:
        """Samples and reconstructions."""
        return step % (PICTURES_EVERY * self.stretch) == 0 or step in EARLY_PICTURES or step == self.steps

    def keeps(self, step: int) -> bool:
        """Weights to start other trainings from: at most eight times."""
        return step > 0 and step % max(LEAST_BETWEEN_KEPT, ceil(self.steps / KEPT)) == 0 and step < self.steps
