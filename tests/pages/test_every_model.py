"""Every page opens with a model of every family and of every data set: whoever adds one adds no test here."""

import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from models.registry import FAMILIES
from pages.kit import services
from pages.latent.latent_map import LAYOUTS
from pages.latent.latent_pad import PLANES
from pages.latent.latent_space import PARTS
from tests.patience import PATIENCE
from tests.profile_page import PAGES, SCRIPTS
from training.data.registry import DATA_SETS
from training.lab.run_notes import change_notes
from training.runs.config import TrainConfig
from training.runs.run_writer import RunWriter
from training.runs.worker import train_into
from training.system.folders import PROJECT

pytestmark = pytest.mark.no_cover  # tracing doubles its time, and each page has tests of its own

ASKED = {"checkpoint": "run mine", "of": "run mine", "models": "run mine", "runs": "run mine", "run": "mine"}


def opened(page: str, **others: str) -> AppTest:
    """A page in a session of its own, whose address asks for the run `mine`, whatever it calls a model there."""
    app = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=PATIENCE)
    for key, value in (ASKED | others).items():
        app.query_params[key] = value
    found = app.switch_page(f"pages/{SCRIPTS[page].name}").run()
    services.jobs().stop_all(PATIENCE)  # what a page measures in the background would take the next one's time
    return found


def opens_everywhere(runs_folder: Path, preset: str, **changes: object) -> None:
    """Train two steps, and open every page on the result."""
    config = TrainConfig.from_preset(preset, steps=2, batch_size=7, device="cpu", **changes)
    assert train_into(RunWriter(runs_folder / "mine", config)).state == "finished"
    for page in PAGES:
        found = opened(page)
        assert not found.exception, page
        assert not [error.value for error in found.error], page
        if page == "samples":
            assert found.selectbox(key="samples-checkpoint").value == "run mine"


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.usefixtures("app", "svhn_folder")
def test_a_run_of_the_family_opens_on_every_page(runs_folder: Path, family: str) -> None:
    opens_everywhere(runs_folder, FAMILIES[family].presets[0].name)


@pytest.mark.parametrize("name", [data.name for data in DATA_SETS.values() if data.download is None])
@pytest.mark.usefixtures("app")
def test_a_run_on_the_data_set_opens_on_every_page(runs_folder: Path, name: str) -> None:
    fitting = next(family for family in FAMILIES.values() if family.images == DATA_SETS[name].images)
    opens_everywhere(runs_folder, fitting.presets[0].name, data=name)


NAMED = "![i](https://example.org/i.png) [l](https://example.org) $9$ <b>bold</b> :red[r]"
SHOWN_AS_THEY_ARE = ("selectbox", "multiselect", "text_input", "text_area", "html")
READ_AS_MARKDOWN = ("body", "label", "help", "text", "caption", "placeholder")


def formatted(page: AppTest) -> list[str]:
    """Texts of the page that would draw the run's name as Markdown or HTML instead of as it was written."""
    texts = [
        str(getattr(part.proto, name))
        for part in page
        for name in READ_AS_MARKDOWN
        if part.type not in SHOWN_AS_THEY_ARE and hasattr(getattr(part, "proto", None), name)
    ]
    read = "|".join(rf"(?<!\\){re.escape(part)}" for part in (*NAMED.split(), "https://example.org"))
    return [text for text in texts if re.search(read, text)]


SMALLEST = {"z": 1, "k": 1, "hidden": (1, 1), "labelled": 10, "channels": (1, 1, 1), "width": 1}
GUESSES = {
    "mixture": "fewer than 50",
    "bounds": "1 to 5",
    "labels": "below 60",
    "style": "under 50",
    "beta": "1",
}
VIEWS = (
    *({"view": "pad", "plane": plane, "backdrop": "Encoded"} for plane in PLANES.values()),
    *({"view": "map", "layout": layout, "prior": "true"} for layout in LAYOUTS.values()),
    {"view": "digit"},
    {"view": "walk"},
    {"view": "dimensions", "used": "every one"},
)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.usefixtures("app", "svhn_folder")
def test_the_smallest_model_that_the_form_allows_is_shown_on_every_page(runs_folder: Path, family: str) -> None:
    fields = FAMILIES[family].config.model_fields
    small = {name: size for name, size in SMALLEST.items() if name in fields}
    config = TrainConfig.from_preset(FAMILIES[family].presets[0].name, steps=2, batch_size=1, device="cpu", model=small)
    assert train_into(RunWriter(runs_folder / "mine", config)).state == "finished"
    change_notes(runs_folder / "mine", name=NAMED, note=NAMED)
    words = DATA_SETS[config.data].words
    views = VIEWS if FAMILIES[family].images == "binary" else ()
    for page, asked in [
        *((page, {"guess": GUESSES.get(page, "")}) for page in PAGES),
        *(("samples", v) for v in views),
    ]:
        named = asked | ({"view": PARTS[asked["view"]][0].format(**words)} if "view" in asked else {})
        found = opened(page, **{key: value for key, value in named.items() if value})
        assert not found.exception, (page, asked)
        assert not [error.value for error in found.error], (page, asked)
        assert formatted(found) == [], (page, asked)
        if "view" in asked:
            assert found.button_group(key="samples-view").value == asked["view"]
