"""What the pages ask `training` for, shared by every session of the server.

Nothing here imports torch until something needs it, so that the first page is on the screen at once; and torch
gets one thread per caller, so that a page's work and a training never fight for the same core.
"""

import gc
import importlib
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from training.checkpoints.model_ref import ModelRef
from training.lab.queue import active_runs
from training.lab.run_index import readable_runs
from training.people.admission import admit_measuring
from training.people.viewer import viewer
from training.system.errors import UserError
from training.system.folders import runs_folder
from training.system.scratch import prefix

if TYPE_CHECKING:
    from models.family import Family
    from training.checkpoints.quarantine import Quarantine
    from training.checkpoints.reading import Checkpoint
    from training.diagnosis.admit_upload import Admitted
    from training.lab.launch import Launcher
    from training.system.jobs import Job, Jobs

__all__ = [
    "BY_WEIGHTS",
    "admitted",
    "admitted_again",
    "checkpoint",
    "families",
    "first_samples",
    "jobs",
    "keep_house",
    "known_speed",
    "launcher",
    "quarantine",
    "samples_png",
    "training_speed",
    "wait_for",
    "warm_up",
]

os.environ.setdefault("OMP_NUM_THREADS", os.environ.get("ELBO_LAB_THREADS", "1"))

PAINT_SECONDS = 1.0
NEWEST = 20
# For st.cache_data and st.cache_resource: models with the same weights are one and the same argument.
BY_WEIGHTS: dict[Any, Callable[[Any], str]] = {"training.checkpoints.reading.Checkpoint": lambda source: source.sha256}


@st.cache_resource(ttl=6 * 3600, show_spinner=False)
def keep_house() -> threading.Thread:
    """Sweep, a few times a day, what nobody uses any more; in the background, and politely after the first page."""

    def sweep() -> None:
        time.sleep(PAINT_SECONDS)
        importlib.import_module("training.upkeep.sweeping").keep_house()

    thread = threading.Thread(target=sweep, name="sweeping", daemon=True)
    thread.start()
    return thread


@st.cache_resource
def warm_up() -> threading.Thread:
    """Load torch in the background once the first page is painted, so that the second one opens at once.

    Streamlit collects garbage after every run of a page, before it sends the run's last messages: up to a tenth of
    a second, if it looks at all that torch keeps for good. So that is put aside.
    """

    def load() -> None:
        time.sleep(PAINT_SECONDS)
        for module in ("jinja2", "training.runs.worker", "training.evaluation.evaluate"):
            importlib.import_module(module)
        gc.freeze()
        launcher()  # it starts what a server before this one left in the queue

    gc.freeze()
    thread = threading.Thread(target=load, name="warm-up", daemon=True)
    thread.start()
    return thread


def families() -> "dict[str, Family]":
    """Every model family by its name. On a server just started this waits for the warm-up.

    To load torch right here would hold up what the page has drawn so far.
    """
    if "torch" not in sys.modules:
        warm_up().join()
    from models.registry import FAMILIES

    return FAMILIES


@st.cache_resource(show_spinner=False)  # a thread that belongs to no page asks for it too
def jobs() -> "Jobs":
    """The one registry of background work."""
    from training.system.jobs import Jobs

    return Jobs()


def admitted(key: str) -> str:
    """Whose the measuring of this key is, which this page's visitor asks for: for `Jobs.submit`, then `wait_for` it.

    Raises:
        UserError: too many measurings wait already.
    """
    known, somebody = jobs().find(key), viewer()
    if known is None or not (known.active or known.state == "done"):
        admit_measuring(somebody, [job.owner for job in jobs().active("reading")])
    return somebody.owner


def wait_for(job: "Job") -> "Job":
    """Note that this page's visitor waits for some work: it is dropped once everybody who does has left."""
    context = get_script_run_ctx(suppress_warning=True)
    if context is not None and job.lane == "reading":
        session = context.session_id
        job.wait_for(session, lambda: runtime.exists() and runtime.get_instance().is_active_session(session))
    return job


@st.cache_resource(show_spinner=False)
def launcher() -> "Launcher":
    """The one that starts trainings."""
    from training.lab.launch import Launcher

    return Launcher(jobs())


@st.cache_resource
def quarantine() -> "Quarantine":
    """The one process server that reads strangers' files."""
    from training.checkpoints.quarantine import Quarantine

    return Quarantine()


def training_speed(preset: str, batch_size: int) -> float | None:
    """Steps per second on this machine: of the newest training like it here, else of a few steps that are timed now.

    None while another training runs, beside which nothing can be timed.
    """
    if (known := known_speed(preset, batch_size)) is not None:
        return known
    return None if active_runs(runs_folder()) else _timed_speed(preset, batch_size)


def known_speed(preset: str, batch_size: int) -> float | None:
    """Steps per second of the newest training like it on this machine; None where there is none."""
    for run in islice(readable_runs(everybody=True), NEWEST):
        status = run.status()
        alike = (run.config.preset, run.config.batch_size) == (preset, batch_size)
        if alike and status.step >= 200:
            return status.steps_per_second
    return None


@st.cache_data(max_entries=64, show_spinner=False)
def _timed_speed(preset: str, batch_size: int) -> float | None:
    from training.benchmark.speed_probe import steps_per_second

    try:
        return steps_per_second(preset, batch_size)
    except UserError:  # what is wrong with the choice is said where it is made
        return None


@st.cache_resource(max_entries=16, show_spinner=False)
def checkpoint(ref: ModelRef, _read: "Checkpoint | None" = None) -> "Checkpoint":
    """The weights of a model, read again only when their file has changed.

    Arguments:
        _read: the checkpoint, where the caller has read it already.

    Raises:
        UserError: there are none yet; or see `training.checkpoints.reading.load_checkpoint`.
    """
    from training.checkpoints.reading import load_checkpoint

    if _read is None and (not ref.path.is_file() or (ref.origin == "run" and ref.path.is_symlink())):
        raise UserError(f"There are no weights of {ref.title} here: choose another model, or train it first.")
    if _read is None and ref.origin == "upload":
        again = admitted_again(ref).checkpoint
        assert again is not None
        return again
    return _read or load_checkpoint(ref.path)


@st.cache_resource(max_entries=16, show_spinner=False)
def admitted_again(ref: ModelRef) -> "Admitted":
    """A file that a visitor uploaded in an earlier session: a stranger's as before, so it is read in quarantine.

    Raises:
        UserError: its file has changed since, or cannot be read.
    """
    from training.diagnosis.admit_upload import admit

    with tempfile.TemporaryDirectory(prefix=prefix()) as folder:
        came = admit(ref.path.read_bytes(), ref.name, Path(folder), quarantine())
        if came.checkpoint is None or came.checkpoint.sha256 != ref.sha256:
            raise UserError(came.sentence or f"The file {ref.name} has changed since it was uploaded: upload it again.")
        return came._replace(checkpoint=replace(came.checkpoint, file=ref.path))


def first_samples(ref: ModelRef) -> bytes | None:
    """The picture that ships with a model, seed 0, Bernoulli means, temperature 1; None where it does not ship."""
    file = ref.path.with_name("samples.png")
    return file.read_bytes() if ref.shipped and file.is_file() else None


@st.cache_data(max_entries=128, show_spinner=False, hash_funcs=BY_WEIGHTS)
def samples_png(source: "Checkpoint", kind: Any, seed: int, temperature: float) -> bytes:
    """200 images from a checkpoint as one PNG."""
    from training.pictures import grids as pictures

    images = pictures.draw_samples(source.model, seed=seed, temperature=temperature, kind=kind)
    facts = {"checkpoint": source.sha256, "kind": kind, "seed": seed, "temperature": temperature}
    return pictures.png_bytes(pictures.grid(images), **facts)
