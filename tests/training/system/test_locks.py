import subprocess
import sys
from pathlib import Path

from tests.patience import PATIENCE, until
from training.system.folders import PROJECT
from training.system.locks import hold, is_held

HOLDER = """
import sys, time
from pathlib import Path
from training.system.locks import hold
lock = hold(Path(sys.argv[1]))
Path(sys.argv[1], "held").touch()
time.sleep(600)
"""


def test_one_holds_it_at_a_time(tmp_path: Path) -> None:
    assert is_held(tmp_path) is False
    lock = hold(tmp_path)
    assert lock is not None
    assert is_held(tmp_path) is True
    assert hold(tmp_path) is None
    lock.release()
    assert is_held(tmp_path) is False
    assert hold(tmp_path) is not None


def test_a_killed_process_holds_nothing(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], cwd=PROJECT)
    until(lambda: (tmp_path / "held").exists())
    assert is_held(tmp_path) is True
    process.kill()
    process.wait(PATIENCE)
    assert is_held(tmp_path) is False
