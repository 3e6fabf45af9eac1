"""What killed processes have left in the temporary folder is swept, and nothing else."""

import os
import subprocess
import sys
import time
from pathlib import Path

from training.system.scratch import OLD_SECONDS, prefix, sweep_scratch


def test_only_what_nobody_needs_is_swept(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    left = tmp_path / f"elbo-lab-{gone.pid}-uploads"
    left.mkdir()
    (left / "model.safetensors").write_bytes(b"weights")
    own, older, newer = tmp_path / f"{prefix()}mine", tmp_path / "elbo-lab-abcdefgh", tmp_path / "elbo-lab-ijklmnop"
    others = tmp_path / "somebody-s"
    for each in (own, older, newer, others):
        each.mkdir()
    old = time.time() - OLD_SECONDS - 60
    for each in (own, older, others):
        os.utime(each, (old, old))
    link = tmp_path / f"elbo-lab-{gone.pid}-link"
    link.symlink_to(others)
    assert sweep_scratch(tmp_path) == [left.name, older.name]
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted(each.name for each in (own, newer, others, link))
