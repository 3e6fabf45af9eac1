"""What can be asked of a training between two of its steps: to wait, to end, to change, to be watched."""

from collections.abc import Sequence

from training.runs.events import Changed

__all__ = ["Steering"]


class Steering:
    """Asked before every step; as it stands, it lets a training run. `training.runs.listening` hears a run folder."""

    def should_save(self) -> bool:
        """Whether the state is to be kept now, since what comes next may be a long wait."""
        return False

    def should_stop(self) -> bool:
        """Whether the training ends before its next step; to answer may take as long as a pause."""
        return False

    def changes(self, step: int) -> Sequence[Changed]:
        """Settings that hold from the step after this one on, in the order in which they were asked for."""
        return ()

    def watches(self) -> bool:
        """Whether the next step is to be reported by itself."""
        return False
