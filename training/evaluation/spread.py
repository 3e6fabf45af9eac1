"""What a plus-minus is over. Three different ones stand in this app, and every number says which is its own. Light."""

from enum import Enum

__all__ = ["Spread"]


class Spread(Enum):
    """What was drawn anew to find how far a number moves; the value is the label below a table."""

    NOISE = "the Monte-Carlo standard error: how far a number moves under another seed on the same images"
    IMAGES = "the standard error over the images: how far a number moves on as many other images"
    TRAININGS = "the standard deviation over trainings that differ in their seed alone"

    @property
    def label(self) -> str:
        """A sentence for below the numbers."""
        return f"± is {self.value}."
