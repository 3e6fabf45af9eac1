"""How much memory a piece of work takes."""

import ctypes
import gc
import sys
from collections.abc import Callable
from pathlib import Path

__all__ = ["peak_megabytes"]


def peak_megabytes(run: Callable[[], object]) -> float | None:
    """Peak resident memory while `run` runs, above what was resident before; None where the system does not tell."""
    _give_back_freed_memory()
    try:
        Path("/proc/self/clear_refs").write_text("5")  # Linux: forget the peak so far
        before = _resident_kilobytes("VmRSS")
    except OSError:
        run()
        return None
    run()
    return (_resident_kilobytes("VmHWM") - before) / 1024


def _give_back_freed_memory() -> None:
    """So that work does not look small for using again what earlier work had freed."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:  # glibc has it, musl has not
        trim(0)


def _resident_kilobytes(field: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{field}:"))
