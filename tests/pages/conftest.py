"""Pages run inside the test's own process, on the embedded sample and a runs folder of each test's own."""

import functools
import re
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest
import streamlit as st
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

import training.lab.launch
from pages.kit import guard, services
from tests.patience import PATIENCE
from training.checkpoints.quarantine import Quarantine
from training.runs.run_folder import Run, Status
from training.runs.run_writer import RunWriter
from training.runs.worker import train_into
from training.system.errors import UserError
from training.system.folders import PROJECT
from training.system.jobs import Job

installed_components = functools.cache(manifest_scanner.scan_component_manifests)


def train_here(folder: Path, process: None, job: Job) -> Status:
    """Train in the job's thread: a process for each test would load torch anew. Tests of jobs have real ones."""
    status = train_into(RunWriter(folder, Run(folder).config, resume=True), should_stop=job.should_stop)
    if status.state == "failed":
        raise UserError(status.message)
    return status


@pytest.fixture
def app(runs_folder: Path, no_mnist: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    """The app, before its first run; background work it leaves behind is stopped."""
    monkeypatch.setattr(training.lab.launch, "Popen", lambda *asked, **how: None)
    monkeypatch.setattr(training.lab.launch, "_supervise", train_here)
    monkeypatch.setattr(Quarantine, "start", lambda self: None)  # it starts when a test hands a file in
    monkeypatch.setattr(guard, "UNEXPECTED", ())  # tests see what visitors do not
    monkeypatch.setattr(manifest_scanner, "scan_component_manifests", installed_components)  # once, not once a session
    st.cache_resource.clear()
    st.cache_data.clear()
    yield AppTest.from_file(str(PROJECT / "app.py"), default_timeout=PATIENCE)
    services.jobs().stop_all(PATIENCE)  # none is left to take the next test's time


PICTURE = re.compile(r"!\[(.*)\]\(data:image/svg\+xml,(.*)\)")


def pictures_of(app: AppTest) -> list[tuple[str, bytes]]:
    """Alternative text and encoded pixels, PNG or JPEG, of each picture made of pixels."""
    found = filter(None, (PICTURE.fullmatch(str(part.value)) for part in app.markdown))
    return [
        (re.sub(r"\\(.)", r"\1", alt), b64decode(unquote(drawing).partition("base64,")[2].partition('"')[0]))
        for alt, drawing in (each.groups() for each in found)
    ]


def text_of(app: AppTest) -> str:
    """Everything the page says, for a look at words."""
    words = [part for part in app.markdown if not PICTURE.fullmatch(str(part.value))]
    parts = [*app.title, *words, *app.caption, *app.error, *app.info, *app.success, *app.warning]
    return without_entries("\n".join(str(part.value) for part in parts))


def without_entries(text: str) -> str:
    """The text without the glossary's entries, as it reads on the page."""
    return re.sub("<dfn [^>]*>|</dfn>", "", text)
