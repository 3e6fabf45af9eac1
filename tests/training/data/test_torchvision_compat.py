import subprocess
import sys

from tests.patience import PATIENCE
from training.system.folders import PROJECT


def test_data_sets_import_without_a_word() -> None:
    """In a process of its own: whether the extension loads is decided once per process."""
    program = "from training.data.torchvision_compat import import_datasets as i; print(i().MNIST.__name__, i() is i())"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, timeout=PATIENCE
    )
    assert (done.stdout, done.stderr, done.returncode) == ("MNIST True\n", "", 0)
