"""How many of our functions stand between a value and where it is needed: a reader has to follow each of them.

Counted are all that are entered on the way: whatever of ours is on the call stack when one of the way's landmarks is.
"""

import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, SimpleNamespace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from models.vae import FAMILY, VAEConfig
from pages.kit import services
from pages.runs import run_view, training_form
from tests.hostile.lying_tensors import saved
from tests.pages.conftest import app  # noqa: F401
from tests.patience import until
from training.checkpoints import quarantine_worker
from training.cli.train import work
from training.lab import launch
from training.runs.config import TrainConfig
from training.runs.run_folder import Run
from training.runs.run_writer import RunWriter
from training.runs.worker import train_into
from training.system.folders import PROJECT

OURS = tuple(f"{PROJECT / name}{os.sep}" for name in ("pages", "training", "models"))


class Way:
    """The functions on the way to its landmarks, in the order in which they were met; it ends once all are met."""

    def __init__(self, landmarks: Sequence[str]) -> None:
        self.landmarks = frozenset(landmarks)
        self.functions: dict[str, None] = {}
        self.reached: set[str] = set()

    def __call__(self, frame: FrameType, event: str, arg: Any) -> None:
        if event != "call" or self.reached == self.landmarks or frame.f_code.co_qualname not in self.landmarks:
            return  # at once: this stands in the way of every call
        if name := _name(frame):
            self.reached.add(name)
            stack: list[str] = []
            above: FrameType | None = frame
            while above is not None:
                if found := _name(above):
                    stack.append(found)
                above = above.f_back
            self.functions |= dict.fromkeys(reversed(stack))


def _name(frame: FrameType) -> str:
    code = frame.f_code
    return "" if "<" in code.co_name or not code.co_filename.startswith(OURS) else code.co_qualname


@contextmanager
def followed(*landmarks: str) -> Iterator[Way]:
    """Watch this thread, and those that it starts; every landmark must be met."""
    way = Way(landmarks)
    sys.setprofile(way)
    threading.setprofile(way)
    try:
        yield way
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    assert way.reached == way.landmarks


def test_a_beta_from_the_form_to_the_loss(runs_folder: Path, no_mnist: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from models.registry import PRESETS

    def here(command: list[str], **how: Any) -> SimpleNamespace:
        work(Path(command[-1]))
        return SimpleNamespace(poll=lambda: 0, returncode=0)

    recipe, state = PRESETS["beta-4"], {"beta-beta-4": 3.7}
    for name in training_form.asked_fields(type(recipe.model)):
        state.setdefault(f"{name}-beta-4", getattr(recipe.model, name))
    for name, field in training_form.asked_fields(TrainConfig).items():
        state[f"{name}-beta-4"] = 1 if name == "steps" else getattr(recipe, name, field.default)
    monkeypatch.setattr(training_form.st, "session_state", state)
    monkeypatch.setattr(launch, "Popen", here)
    monkeypatch.setattr(os, "nice", lambda more: 0)
    monkeypatch.setattr(signal, "signal", lambda *how: None)
    with followed(
        "TrainConfig._of_its_family",
        "RunWriter.__init__",
        "Run.__init__",
        "Trainer.__init__",
        "BernoulliVAE.__init__",
        "BernoulliVAE.objective",
    ) as way:
        training_form.start("beta-4")
    assert Run.named(str(state["run"])).config.model.beta == 3.7  # type: ignore[attr-defined]
    assert len(way.functions) <= 15, " ".join(way.functions)


def test_a_metric_from_the_worker_to_the_live_chart(brief: TrainConfig, runs_folder: Path) -> None:
    with followed("Trainer.step", "_RunningMeans.add", "_RunningMeans.take", "RunWriter.record") as way:
        train_into(RunWriter(runs_folder / "vae-7", brief))
    with followed("rows_of", "_rows") as page:
        run_view.run_figures(Run.named("vae-7"))
    functions = (way.functions | page.functions).keys() - {"read_changes"}  # which reads marks on the chart, no metric
    assert len(functions) <= 13, " ".join(functions)


def test_a_models_name_from_the_address_to_200_digits(app: AppTest) -> None:  # noqa: F811
    app.run()  # pages are entered through it
    app.query_params["checkpoint"], app.query_params["seed"] = "shipped gmvae", "7"
    with followed("facts_in", "ModelRef.title", "load_checkpoint", "to_uint8", "grid", "png_bytes") as way:
        page = app.switch_page("pages/samples.py").run()
    assert page.selectbox(key="samples-checkpoint").value == "shipped gmvae"
    functions = way.functions.keys() - {"data_asked"}  # which finds the data set that the header names, no digit
    assert len(functions) <= 12, " ".join(functions)


def test_uploaded_bytes_to_the_clinics_table(app: AppTest) -> None:  # noqa: F811
    config = VAEConfig(z=5, hidden=(11, 13))
    content = saved(FAMILY.fresh(config, seed=0).state_dict())
    page = app.switch_page("pages/clinic.py").run()
    until(lambda: not services.jobs().active("reading"))  # what it opens with is measured
    page.file_uploader[0].set_value([("mine.pt", content, "application/octet-stream")])
    (sent,) = [button for button in page.button if button.label == "Read them"]
    with followed(
        "Quarantine.read",
        "read_tensors",
        "understand",
        "checkpoint",
        "Jobs.submit",
        "evaluate",
        "measured",
        "numbers_of_set",
    ) as way:
        page = sent.click().run()
        assert not page.exception
        until(lambda: not services.jobs().active("reading"))
        page.run()
    there = [quarantine_worker.main, quarantine_worker.read_plainly]  # in a process of its own; then read_tensors again
    functions = way.functions | dict.fromkeys(function.__qualname__ for function in there)
    assert len(functions) <= 18, " ".join(functions)
