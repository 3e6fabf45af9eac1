"""Every page opens with a model of every family and of every data set: whoever adds one adds no test here."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from models.registry import FAMILIES
from tests.patience import PATIENCE
from tests.profile_page import PAGES
from training.data.registry import DATA_SETS
from training.runs.config import TrainConfig
from training.runs.run_writer import RunWriter
from training.runs.worker import train_into
from training.system.folders import PROJECT

ASKED = {"checkpoint": "run mine", "of": "run mine", "models": "run mine", "runs": "run mine", "run": "mine"}


def opened(page: str) -> AppTest:
    """A page in a session of its own, whose address asks for the run `mine`, whatever it calls a model there."""
    app = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=PATIENCE)
    for key, value in ASKED.items():
        app.query_params[key] = value
    return app.switch_page(f"pages/{page}.py").run()


def opens_everywhere(runs_folder: Path, preset: str, **changes: object) -> None:
    """Train two steps, and open every page on the result."""
    config = TrainConfig.from_preset(preset, steps=2, batch_size=7, device="cpu", **changes)
    assert train_into(RunWriter(runs_folder / "mine", config)).state == "finished"
    for page in PAGES:
        found = opened(page)
        assert not found.exception, page
        assert not [error.value for error in found.error], page
        if page == "samples":
            assert found.selectbox(key="checkpoint").value == "run mine"


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.usefixtures("app", "svhn_folder")
def test_a_run_of_the_family_opens_on_every_page(runs_folder: Path, family: str) -> None:
    opens_everywhere(runs_folder, FAMILIES[family].presets[0].name)


@pytest.mark.parametrize("name", [data.name for data in DATA_SETS.values() if data.download is None])
@pytest.mark.usefixtures("app")
def test_a_run_on_the_data_set_opens_on_every_page(runs_folder: Path, name: str) -> None:
    fitting = next(family for family in FAMILIES.values() if family.images == DATA_SETS[name].images)
    opens_everywhere(runs_folder, fitting.presets[0].name, data=name)
