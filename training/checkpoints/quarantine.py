"""Read a stranger's file of weights in a process of its own, under limits of memory and time.

A server process loads torch once and then forks for every file: the child reads it, writes what it found as plain
tensors, and is gone; whatever the file does to its reader, nobody else notices. Where a system cannot fork, each
file gets a fresh server.
"""

import atexit
import json
import subprocess
import sys
import threading
from contextlib import suppress
from glob import escape
from pathlib import Path
from queue import Empty, Queue
from typing import Any

from training.system.errors import UserError
from training.system.folders import PROJECT

__all__ = ["Quarantine"]

START_SECONDS = 120.0  # torch is large, and a machine may be busy
FILE_SECONDS = 30.0  # the worker's own limit is shorter; this is for a worker that is gone
WORKER = "training.checkpoints.quarantine_worker"


class Quarantine:
    """The one door for strangers' files; any thread may call it, one file is read at a time."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._server: subprocess.Popen[str] | None = None
        self._answers: Queue[str] = Queue()
        atexit.register(self.close)

    def start(self) -> None:
        """Load the server in the background, so that the first file is read at once; asked again, it does nothing."""
        if self._server is None and not self._turn.locked():
            threading.Thread(target=self._warm, name="quarantine", daemon=True).start()

    def read(self, file: Path, name: str, out: Path) -> None:
        """Read a file's tensors and write them to `out` as safetensors, with what the file says about itself.

        Arguments:
            name: what the file was called where it comes from; only shown, never used as a path.

        Raises:
            UserError: it holds no weights, is damaged, too large, or harmed its reader.
        """
        with self._turn:
            server = self._running()
            assert server.stdin is not None
            try:
                server.stdin.write(json.dumps({"file": str(file), "name": name, "out": str(out)}) + "\n")
                server.stdin.flush()
                answer: dict[str, Any] = json.loads(self._answers.get(timeout=FILE_SECONDS))
            except (OSError, Empty, ValueError):
                answer = {"lost": True}
                self.close()
        if answer.get("lost"):
            for unfinished in out.parent.glob(f".{escape(out.name)}.*.part"):
                unfinished.unlink(missing_ok=True)  # of a reader that was stopped while it wrote
            raise UserError(f"{name} takes too much time or memory to read: weights of these models are small.")
        if "error" in answer:
            raise UserError(str(answer["error"]))

    def close(self) -> None:
        """End the server."""
        server, self._server = self._server, None
        if server is not None:
            server.kill()
            server.wait()
            assert server.stdin is not None
            with suppress(OSError):  # a question that it did not live to read
                server.stdin.close()

    def _warm(self) -> None:
        with self._turn, suppress(UserError):  # whoever uploads a file gets the error
            self._running()

    def _running(self) -> "subprocess.Popen[str]":
        if self._server is None or self._server.poll() is not None:
            self.close()
            self._answers = Queue()
            self._server = subprocess.Popen(
                [sys.executable, "-m", WORKER],
                cwd=PROJECT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
            threading.Thread(target=_listen, args=(self._server, self._answers), daemon=True).start()
            try:
                self._answers.get(timeout=START_SECONDS)  # its first line: ready
            except Empty:
                self.close()
                raise UserError("The process that reads files did not start: try again.") from None
        return self._server


def _listen(server: "subprocess.Popen[str]", answers: "Queue[str]") -> None:
    assert server.stdout is not None
    with server.stdout as lines:
        for line in lines:
            answers.put(line)
    answers.put("")  # it is gone: no JSON, so whoever waits need not wait longer
