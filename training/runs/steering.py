"""What can be asked of a training between two of its steps: to wait, to end, to change, to be watched."""

from collections.abc import Sequence

from training.runs.events import Changed

__all__ = ["Steering"]


class Steering:
    """Asked before every step; as it stands, it lets a training run. `training.runs.listening` hears a run folder."""

    def changes(self, step: int) -> Sequence[Changed]:
        """Settings that hold from the step after this one on, in the order in which they were asked for."""
        return ()

    def should_save(self) -> bool:
        """Whether the state is to be kept now, since a long wait may follow."""
        return False

    def waits(self) -> bool:
        """Whether the training waits, and everything is asked again; the answer takes a moment then."""
        return False

    def should_stop(self) -> bool:
        """Whether the training ends before its next step."""
        return False

    def watches(self) -> bool:
        """Whether the next step is to be reported by itself."""
        return False
