import subprocess
import sys

from training.folders import PROJECT

IMPORT_EVERYTHING = """
import importlib, pkgutil, sys
import pages.common
for module in pkgutil.iter_modules(pages.common.__path__):
    importlib.import_module(f"pages.common.{module.name}")
    assert "torch" not in sys.modules, module.name
"""


def test_no_page_loads_torch_before_it_shows_something() -> None:
    done = subprocess.run([sys.executable, "-c", IMPORT_EVERYTHING], cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
