import logging
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from pages.kit import services
from tests.patience import PATIENCE
from training.checkpoints.model_ref import model_ref
from training.system.errors import UserError
from training.system.folders import PROJECT

WARM_UP = """
import gc, time
from pages.kit import services
services.PAINT_SECONDS = 0
services.warm_up().join()
import torch
rounds = []
for _ in range(5):
    begin = time.process_time()
    gc.collect()
    rounds.append(time.process_time() - begin)
assert min(rounds) < 0.01, rounds
"""
FAMILIES = """
import sys
from pages.kit import services
services.PAINT_SECONDS = 0
assert "torch" not in sys.modules
assert "vae" in services.families()
assert not services.warm_up().is_alive()
"""
IMPORT_EVERYTHING = """
import importlib, pkgutil, sys
from pathlib import Path
import pages
rooms = [room.name for room in pkgutil.iter_modules(pages.__path__, "pages.") if room.ispkg]
assert len(rooms) > 5
for room in rooms:
    for module in pkgutil.iter_modules(importlib.import_module(room).__path__, f"{room}."):
        script = Path(module.module_finder.find_spec(module.name).origin)
        if script.with_suffix(".toml").exists() or "frame.header(" in script.read_text("utf-8"):
            continue  # the script of a page, which needs a visitor
        importlib.import_module(module.name)
        assert "torch" not in sys.modules, module.name
"""


def test_no_page_loads_torch_before_it_shows_something() -> None:
    done = subprocess.run([sys.executable, "-c", IMPORT_EVERYTHING], cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_streamlits_collection_of_garbage_after_every_run_takes_no_time() -> None:
    done = subprocess.run([sys.executable, "-c", WARM_UP], cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_families_are_known_once_the_warm_up_has_loaded_torch() -> None:
    done = subprocess.run([sys.executable, "-c", FAMILIES], cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_run_without_weights_is_one_sentence_that_names_no_folder(runs_folder: Path) -> None:
    (runs_folder / "vae-7").mkdir(parents=True)
    with pytest.raises(UserError, match=r"^There are no weights of run vae-7 here: choose another model") as refused:
        services.checkpoint(model_ref("run", "vae-7"))
    assert str(runs_folder) not in str(refused.value)


@pytest.mark.usefixtures("app", "runs_folder")
def test_a_thread_of_no_page_asks_for_the_launcher_without_a_word_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("streamlit.runtime.scriptrunner_utils.script_run_context")
    logger.addHandler(caplog.handler)
    try:
        thread = threading.Thread(target=services.launcher)
        thread.start()
        thread.join(PATIENCE)
    finally:
        logger.removeHandler(caplog.handler)
    assert not [record for record in caplog.records if "ScriptRunContext" in record.getMessage()]
