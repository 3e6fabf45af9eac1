"""Strangers' files: none runs code, kills its reader's server, or writes anywhere; each gets one clear sentence."""

import math
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from models.vae import FAMILY, VAEConfig
from tests.fuzz_checkpoints import Fuzzer
from tests.hostile.containers import in_run_folder
from tests.hostile.door import Door
from tests.hostile.lying_tensors import saved
from tests.hostile.running_pickles import lay_bait, running_pickles
from tests.hostile_files import KINDS, hostile_files, kind_of, whole_files
from tests.patience import allowed
from training.checkpoints.quarantine import Quarantine
from training.checkpoints.reading import load_checkpoint
from training.system.errors import UserError
from training.system.folders import PROJECT

not_traced = pytest.mark.no_cover  # hundreds of files: the readers are other processes, and tracing doubles the rest
STATE = FAMILY.fresh(VAEConfig(z=5, hidden=(11, 13), pixels=16), seed=0).state_dict()
MOST_SECONDS = 5.0
MOST_MEMORY = 10**9


@pytest.fixture(scope="module")
def quarantine() -> Iterator[Quarantine]:
    opened = Quarantine()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    if platform.system() != "Linux":
        pytest.skip("only Linux takes memory away from a process")
    before = project_files()
    with Door(tmp_path_factory.mktemp("door")) as opened:
        yield opened
    assert project_files() == before


@pytest.fixture(scope="module")
def hostile(door: Door) -> dict[str, bytes]:
    return dict(hostile_files(door.marker, door.bait))


def project_files() -> dict[Path, int]:
    """Every file of the project and when it changed, but for caches, data and runs."""
    others = {"__pycache__", "data", "runs", "shots"}
    found: dict[Path, int] = {}
    for folder, folders, files in os.walk(PROJECT):
        folders[:] = [name for name in folders if name not in others and not name.startswith(".")]
        found |= {(path := Path(folder, name)): path.stat().st_mtime_ns for name in files}
    return found


def read(quarantine: Quarantine, folder: Path, content: bytes) -> str:
    """What becomes of a file: empty if it was read, else the sentence."""
    (folder / "file").write_bytes(content)
    out = folder / "clean.safetensors"
    out.unlink(missing_ok=True)
    try:
        quarantine.read(folder / "file", "mine.pt", out)
    except UserError as error:
        assert not out.exists()
        return str(error)
    assert out.exists()
    return ""


@pytest.mark.parametrize("kind", ["zip", "old", "safetensors", "run", "wrapped"])
def test_a_whole_file_keeps_its_numbers(quarantine: Quarantine, tmp_path: Path, kind: str) -> None:
    assert read(quarantine, tmp_path, whole_files()[kind]) == ""
    loaded = load_checkpoint(tmp_path / "clean.safetensors")
    assert all(torch.equal(value, STATE[name]) for name, value in loaded.state.items())
    assert loaded.step == (7 if kind in ("safetensors", "run") else None)  # what a file says of itself is kept


def test_zero_dimensional_and_foreign_tensors_do_no_harm(quarantine: Quarantine, tmp_path: Path) -> None:
    extras = {
        "loss": torch.tensor(3.5),
        "steps": torch.tensor(7),
        "spare": torch.eye(3).to_sparse(),
        "phase": torch.zeros(2, dtype=torch.complex128),
    }
    assert read(quarantine, tmp_path, saved({**STATE, **extras})) == ""
    assert load_checkpoint(tmp_path / "clean.safetensors").ignored == ("loss", "steps")


def test_a_reader_that_dies_is_replaced(quarantine: Quarantine, tmp_path: Path) -> None:
    assert read(quarantine, tmp_path, saved(STATE)) == ""
    server: Any = quarantine._server
    server.kill()
    server.wait()
    assert read(quarantine, tmp_path, saved(STATE)) == ""


def test_what_a_stopped_reader_left_half_written_is_taken_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".clean.safetensors.7-7.part").touch()
    stopped = Quarantine()

    def broken(text: str) -> None:
        raise BrokenPipeError

    gone = SimpleNamespace(stdin=SimpleNamespace(write=broken))
    monkeypatch.setattr(stopped, "_running", lambda: gone)
    with pytest.raises(UserError, match="too much time or memory"):
        stopped.read(tmp_path / "file", "mine.pt", tmp_path / "clean.safetensors")
    assert list(tmp_path.iterdir()) == []


def test_there_are_hundreds_of_hostile_files_of_every_kind(hostile: dict[str, bytes]) -> None:
    assert len(hostile) >= 1000
    assert {kind_of(name) for name in hostile} == set(KINDS)
    assert len(set(hostile.values())) == len(hostile)


BELIEVER = """
import atexit, os, pickle, sys, time
import numpy, torch, torch.hub  # once for all
marker = sys.argv[1]
sys.stdin.close()
for file in sys.argv[2:]:
    child = os.fork()
    if child == 0:
        try:
            pickle.loads(open(file, "rb").read())
        except BaseException:
            pass
        atexit._run_exitfuncs()
        os._exit(0)  # at once: torch takes long to say goodbye
    os.waitpid(child, 0)
    deadline = time.monotonic() + 20  # for what was started in the background
    while not os.path.lexists(marker):
        if time.monotonic() > deadline:
            print("harmless:", file, file=sys.stderr)
            break
        time.sleep(0.01)
    else:
        os.rmdir(marker) if os.path.isdir(marker) and not os.path.islink(marker) else os.unlink(marker)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="some of these pickles start programs that only Unix has")
def test_every_pickle_that_is_said_to_run_code_would(tmp_path: Path) -> None:
    marker, bait, pickles = tmp_path / "it-ran", tmp_path / "bait", tmp_path / "pickles"
    lay_bait(bait, marker)
    pickles.mkdir()
    files = []
    for name, content in running_pickles(marker, bait).items():
        (pickles / name).write_bytes(content)
        files.append(str(pickles / name))
    assert len(files) >= 60
    done = subprocess.run(
        [sys.executable, "-c", BELIEVER, str(marker), *files], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert "harmless" not in done.stderr, done.stderr


@not_traced
@pytest.mark.parametrize("kind", KINDS)
def test_each_hostile_file_is_one_sentence_and_nothing_else(door: Door, hostile: dict[str, bytes], kind: str) -> None:
    """No code runs, nothing is left behind, the server lives on, and the reader stays small and quick.

    All of them; where others take most of the machine every fifth of each kind, which are over two hundred still.
    """
    wrong, most = [], allowed(MOST_SECONDS)
    of_this_kind = [(name, content) for name, content in hostile.items() if kind_of(name) == kind]
    for name, content in of_this_kind[:: 1 if math.isfinite(most) else 5]:
        outcome = door.upload(content)
        traces = [str(path.relative_to(door.folder)) for path in door.traces()]
        if (
            not outcome.sentence
            or outcome.complaint(door.folder)
            or traces
            or outcome.restarted
            or outcome.seconds > most
            or outcome.peak > MOST_MEMORY
        ):
            wrong.append((name, outcome, outcome.complaint(door.folder), traces))
    assert wrong == []


@not_traced
@pytest.mark.usefixtures("quiet_machine")
def test_what_would_keep_its_reader_busy_is_refused_soon(door: Door, hostile: dict[str, bytes]) -> None:
    for name, content in hostile.items():
        if kind_of(name) == "busy" or any(word in name for word in ("bomb", "many", "deep", "largest", "expanded")):
            began = time.monotonic()
            assert door.upload(content).sentence
            assert time.monotonic() - began < MOST_SECONDS, name


@not_traced
@pytest.mark.parametrize("seed", range(3))
def test_mutated_files_are_read_or_one_sentence(door: Door, hostile: dict[str, bytes], seed: int) -> None:
    fuzzer = Fuzzer(door, seed, hostile.values())
    for _ in range(40):
        fuzzer.step()
    assert fuzzer.faults == []


@pytest.mark.usefixtures("machine_at_hand")
@pytest.mark.parametrize("reading", [saved, lambda state: in_run_folder(saved(state))], ids=["plain", "zipped"])
def test_large_weights_are_read_within_the_limits(door: Door, reading: Callable[[Any], bytes]) -> None:
    outcome = door.upload(reading({"spare": torch.zeros(5 * 2**20)}))
    assert "clean.safetensors is not a model known here" in outcome.sentence
    assert outcome.peak < MOST_MEMORY
