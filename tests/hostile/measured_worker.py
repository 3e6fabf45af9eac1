"""The reader of `training.checkpoints.quarantine`, which also writes down what its files cost so far."""

import json
import os
import sys
from pathlib import Path
from typing import Any

from training.checkpoints import quarantine_worker

__all__ = ["MEASURES", "costs"]

MEASURES = "ELBO_LAB_TEST_MEASURES"
KILOBYTES = 1 if sys.platform == "darwin" else 1024


def costs(file: Path) -> tuple[float, int]:
    """Processor seconds of all files so far, and the most resident memory in bytes that one of them took."""
    seconds, peak = json.loads(file.read_text())
    return seconds, peak


def main() -> None:
    """Serve as the reader itself does; before each answer, write down what all its children took."""
    import resource  # Windows has none, and there this is only imported

    say, file = quarantine_worker._say, Path(os.environ[MEASURES])

    def say_and_measure(answer: dict[str, Any]) -> None:
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        file.write_text(json.dumps([used.ru_utime + used.ru_stime, used.ru_maxrss * KILOBYTES]))
        say(answer)

    quarantine_worker._say = say_and_measure
    quarantine_worker.main()


if __name__ == "__main__":
    main()
