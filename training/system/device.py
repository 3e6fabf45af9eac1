"""Where and how to compute: device, threads and the precision of matrix products."""

import os
import platform
import sys
import time
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import torch

from training.system.errors import UserError

__all__ = [
    "Precision",
    "best_device",
    "best_precision",
    "describe_machine",
    "peak_megabytes",
    "prepare_thread",
    "products_in",
    "versions",
]

Precision = Literal["float32", "bfloat16"]
CLEARLY = 1.2  # times faster, or it is not worth the digits


def best_device() -> torch.device:
    """A CUDA or Apple GPU where there is one, else the CPU."""
    if torch.accelerator.is_available():
        accelerator = torch.accelerator.current_accelerator()
        if accelerator is not None and accelerator.type in ("cuda", "mps"):
            return accelerator
    return torch.device("cpu")


@cache
def best_precision(device_type: str) -> Precision:
    """bfloat16 where this processor multiplies it clearly faster than float32, else float32.

    Tried out where the processor claims to know bfloat16, in some milliseconds: with AMX, or on AMD's processors with
    AVX512_BF16, products run two to five times faster, and on Intel's without AMX slower than in float32. Any other
    CPU emulates it. GPUs stay in float32: these networks are too small to keep one busy.
    """
    if device_type != "cpu":
        return "float32"
    capabilities = torch.cpu.get_capabilities()
    known = any(capabilities.get(flag) for flag in ("avx512_bf16", "amx_bf16", "amx_tile"))
    if known and CLEARLY * _product_seconds(torch.bfloat16) < _product_seconds(torch.float32):
        return "bfloat16"
    return "float32"


def _product_seconds(dtype: torch.dtype) -> float:
    """The best time of a matrix product of a step's size."""
    x, weight = torch.ones(100, 784, dtype=dtype), torch.ones(300, 784, dtype=dtype)

    def seconds() -> float:
        begin = time.perf_counter()
        x @ weight.T
        return time.perf_counter() - begin

    return min(seconds() for _ in range(20))


def products_in(precision: Precision, device_type: str) -> AbstractContextManager[object]:
    """A context in which matrix products use `precision`; densities and losses stay in float32."""
    if precision == "float32":
        return nullcontext()
    return torch.autocast(device_type, dtype=torch.bfloat16)


def prepare_thread(count: int | None = None) -> int:
    """Get this thread ready to compute; how many torch threads it will use: `count`, else $ELBO_LAB_THREADS, else one.

    One is the default on purpose. The products of one step are too small to gain much from a second core, and
    a step that shares its cores with anything else slows down ten times when its threads wait for each other.

    Numbers below 1e-38 are rounded to zero. Processors compute with them up to a hundred times slower, and training
    makes many: the probability of a digit that a classifier rules out, Adam's momentum of a pixel long unseen.

    Raises:
        UserError: $ELBO_LAB_THREADS is not a number.
    """
    wanted = os.environ.get("ELBO_LAB_THREADS", "1")
    if not wanted.isdecimal():
        raise UserError(f"ELBO_LAB_THREADS should be a whole number of threads, and it is {wanted!r}.")
    torch.set_flush_denormal(True)  # first: threads that start later take it over
    torch.set_num_threads(max(1, count or int(wanted)))
    return torch.get_num_threads()


def peak_megabytes() -> float:
    """The most memory that this process has taken so far; 0 where the system does not tell (Windows)."""
    try:
        import resource
    except ImportError:
        return 0.0
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, kilobytes elsewhere
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def versions() -> dict[str, str]:
    """Versions of what the numbers depend on."""
    packages = {name: version(name) for name in ("torch", "numpy", "safetensors")}
    return {"python": platform.python_version(), **packages}


def describe_machine(device: torch.device) -> dict[str, str | int]:
    """The hardware behind a number: processor or GPU name, cores."""
    if device.type == "cuda":
        return {"device": torch.cuda.get_device_name(device)}
    return {"device": _processor_name(), "cores": os.cpu_count() or 1}


def _processor_name() -> str:
    """The processor's name, as Linux tells it or as the platform does."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
