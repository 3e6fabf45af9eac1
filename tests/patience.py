"""Waiting in tests: long where a machine may be busy, and how to tell that it is."""

import math
import time
from collections.abc import Callable

__all__ = ["PATIENCE", "allowed", "stolen_time", "until"]

PATIENCE = 600.0  # seconds before a test gives up; on a quiet machine nothing here takes ten


def until(condition: Callable[[], bool], seconds: float = PATIENCE) -> None:
    """Wait for a condition to come true.

    Raises:
        AssertionError: it did not within `seconds`.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds:g} s in vain"
        time.sleep(0.02)


def stolen_time(seconds: float = 1.0) -> float:
    """The share of the next `seconds`, 0..1, in which somebody else had this thread's core."""
    began = last = time.monotonic()
    stolen = 0.0
    while last - began < seconds:
        now = time.monotonic()
        if now - last > 0.001:
            stolen += now - last
        last = now
    return stolen / (last - began)


def allowed(seconds: float) -> float:
    """A limit of processor time; none where others take much of the machine, for their part is counted as ours."""
    return seconds if stolen_time() < 0.3 else math.inf
