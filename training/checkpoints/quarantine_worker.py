"""The reading side of the quarantine: one request a line on standard input, one answer a line on output."""

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import safetensors.torch
import torch

from training.checkpoints.reading import LARGEST_FILE, read_tensors
from training.system.errors import UserError
from training.system.files import replace_file

__all__ = ["main", "read_plainly"]

SECONDS = 10  # on the clock; a busy machine may need them
PROCESSOR_SECONDS = 3
MEMORY = 900 * 10**6  # all that a reader may hold, with what it has from the server
MOST_TENSORS = 10_000
WHOLE_NUMBERS = (torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64)
PLAIN = (torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.complex64, *WHOLE_NUMBERS)


def main() -> None:
    """Serve until standard input ends, each file in a child of its own: it may run out of time or memory, or die."""
    torch.set_num_threads(1)
    _say({})  # ready
    for line in sys.stdin:
        request = json.loads(line)
        if not hasattr(os, "fork"):
            _say(read_plainly(**request))
            return  # a reader serves one stranger
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # answers go through the pipe alone
            _limit()
            try:
                answer = json.dumps(read_plainly(**request))
            except BaseException:  # whatever a hostile file brings about ends here, and with it the child
                os._exit(1)
            with os.fdopen(writing, "w") as pipe:
                pipe.write(answer)
            os._exit(0)
        os.close(writing)
        try:
            _say(_awaited(child, reading))
        finally:
            os.close(reading)


def _say(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def read_plainly(file: str, name: str, out: str) -> dict[str, str]:
    """Read tensors, write those that are plain numbers to `out`; {}, or {"error": one sentence}."""
    try:
        tensors, facts = read_tensors(Path(file), name)[:2]
        if len(tensors) > MOST_TENSORS:
            raise UserError(f"{name} holds {len(tensors):,} tensors: it is not one of these models.")
        plain = {key: value.contiguous().clone() for key, value in tensors.items() if _plain(value)}
        del tensors
        if not plain:
            raise UserError(f"{name} holds no tensors of plain numbers: save float32 tensors.")
        if sum(value.numel() * value.element_size() for value in plain.values()) > LARGEST_FILE:
            raise UserError(f"{name} is larger than these models are: the limit is {LARGEST_FILE // 2**20} MB.")
        replace_file(Path(out), safetensors.torch.save(plain, metadata=facts))
    except UserError as error:
        return {"error": str(error)}
    return {}


def _plain(value: torch.Tensor) -> bool:
    unusual = value.is_meta or value.is_quantized or value.is_nested
    return value.layout == torch.strided and not unusual and value.dtype in PLAIN


def _awaited(child: int, reading: int) -> dict[str, Any]:
    """A child's answer; {"lost": true} if it ran out of time or memory, or died."""
    deadline = time.monotonic() + SECONDS
    answer = b""
    os.set_blocking(reading, False)
    while True:
        try:
            while some := os.read(reading, 65536):
                answer += some
        except BlockingIOError:
            pass
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            break
        if time.monotonic() > deadline:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return {"lost": True}
        time.sleep(0.002)
    try:
        while some := os.read(reading, 65536):
            answer += some
    except BlockingIOError:
        pass
    if status != 0:
        return {"lost": True}
    found: dict[str, Any] = json.loads(answer)
    return found


def _limit() -> None:
    """Take memory, processor time and large files away from this process, where the system can."""
    try:
        import resource
    except ImportError:
        return
    addressed, resident = _held()
    limits = {
        resource.RLIMIT_CPU: PROCESSOR_SECONDS,
        resource.RLIMIT_FSIZE: LARGEST_FILE + 2**20,
        resource.RLIMIT_CORE: 0,
        **({resource.RLIMIT_AS: addressed + max(MEMORY - resident, 0)} if addressed else {}),
    }
    for limit, value in limits.items():
        resource.setrlimit(limit, (value, value))


def _held() -> tuple[int, int]:
    """Bytes of virtual and of resident memory that this process has already, 0 where the system does not say."""
    try:
        addressed, resident = Path("/proc/self/statm").read_text().split()[:2]
        return int(addressed) * os.sysconf("SC_PAGE_SIZE"), int(resident) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 0, 0


if __name__ == "__main__":
    main()
