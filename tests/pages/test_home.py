from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from streamlit.testing.v1 import AppTest

from models.contract import Classifier, Conditional, Mixture
from models.registry import FAMILIES
from tests.pages.conftest import without_entries
from training.data.idx_files import _HEADERS, SIZES
from training.data.registry import DATA_SETS
from training.release.cards import read_card
from training.system.folders import PRETRAINED, pretrained_names
from training.system.number_format import signed


@pytest.fixture(autouse=True)
def _home(app: AppTest) -> None:
    app.run()


def words(app: AppTest) -> str:
    return without_entries("\n".join(str(part.value) for part in [*app.title, *app.markdown, *app.caption]))


def test_home_opens_with_the_family_and_its_numbers(app: AppTest) -> None:
    assert not app.exception
    assert app.title[0].value == "ELBO Lab"
    for name in ("VAE", "β-VAE", "GMVAE", "SSVAE", "FSVAE"):
        assert f"**{name}**" in words(app)


def test_every_model_with_a_page_of_its_own_is_a_door_to_it(app: AppTest) -> None:
    links = {str(link.proto.page) for link in app.get("page_link")}
    assert {"beta", "mixture", "bounds", "samples", "train"} <= links


def test_every_family_is_drawn_and_leads_to_its_page_and_its_training(app: AppTest) -> None:
    drawings = [part.value for part in app.markdown if "Graphical model of the" in part.value]
    assert len(drawings) == len(FAMILIES)
    links = [link.proto for link in app.get("page_link")]
    explored = [link.page for link in links if link.label.startswith("Explore")]
    trained = [parse_qs(link.query_string)["train-preset"] for link in links if link.label.startswith("Train the")]
    for family, drawing, page, preset in zip(FAMILIES.values(), drawings, explored, trained, strict=True):
        assert family.sentence in words(app)
        assert family.title in drawing
        assert preset == [family.default_preset.name]
        for role, door in {Mixture: "mixture", Classifier: "labels", Conditional: "style"}.items():
            assert (page == door) == family.plays(role)
        assert (page == "beta") == ("beta" in family.config.model_fields)


def test_the_numbers_are_the_cards_numbers(app: AppTest) -> None:
    homework = read_card(PRETRAINED / "vae").sets["homework"]
    assert f"{homework.nelbo:.2f}\u00a0±\u00a0{homework.nelbo_se:.2f}" in words(app)
    assert f"{homework.niwae['1000']:.2f}\u00a0±" in words(app)


def test_it_says_which_data_are_in_use(app: AppTest) -> None:
    assert "embedded sample, 5,000 training and 1,000 test digits" in words(app)
    assert [button.label for button in app.button if button.label.startswith("Get")] == [
        "Get the full MNIST (11 MB)",
        "Get SVHN (246 MB)",
        "Get Fashion-MNIST (30 MB)",
    ]


def test_a_failing_download_is_one_sentence_and_the_page_goes_on(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    from pages.kit import services
    from training.system.errors import UserError

    def refused(_: object) -> None:
        raise UserError("MNIST could not be downloaded: check the network and try again.")

    monkeypatch.setitem(DATA_SETS, "mnist", replace(DATA_SETS["mnist"], download=refused))
    app.run()
    app.button(key="download-mnist").click().run()
    job = services.jobs().find("download:mnist")
    assert job is not None
    assert job.wait(30)
    app.run()
    assert not app.exception
    assert [error.value for error in app.error] == ["MNIST could not be downloaded: check the network and try again."]


def test_the_download_can_be_asked_for_again_after_a_failure_and_after_its_files_are_gone(
    app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pages.kit import services
    from training.system.errors import UserError

    on_disk, asked = [False], list[int]()

    def download(_: object) -> None:
        asked.append(len(asked))
        if len(asked) == 1:
            raise UserError("MNIST could not be downloaded: check the network and try again.")
        on_disk[0] = True

    there = replace(DATA_SETS["mnist"], download=download, on_disk=lambda: on_disk[0])
    monkeypatch.setitem(DATA_SETS, "mnist", there)
    app.run()
    for errors in (1, 0, 0):
        app.button(key="download-mnist").click().run()
        job = services.jobs().find("download:mnist")
        assert job is not None
        assert job.wait(30)
        app.run()
        assert not app.exception
        assert len(app.error) == errors
        on_disk[0] = False  # as when somebody deletes data/
        app.run()
    assert asked == [0, 1, 2]


def test_other_data_in_mnists_place_are_named_where_the_data_in_use_are(
    app: AppTest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    raw = tmp_path / "data" / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for name, size in SIZES.items():
        with (raw / name).open("wb") as file:
            file.write(_HEADERS[name])
            file.write(bytes([73]) * (size - len(_HEADERS[name])))
    monkeypatch.setenv("ELBO_LAB_DATA", str(tmp_path / "data"))
    page = app.run()
    assert not page.exception
    (warning,) = page.warning
    assert "train-images-idx3-ubyte is not MNIST's official file" in warning.value
    assert "as of Fashion-MNIST" in warning.value
    assert "embedded sample" in words(page)
    assert page.button(key="download-mnist").label == "Get the full MNIST (11 MB)"


def test_the_digits_can_stand_still(app: AppTest) -> None:
    def moving() -> bool:
        return any("image/webp" in str(part.proto) for part in app.get("html"))

    assert moving()
    app.toggle(key="living").set_value(False).run()
    assert not moving()


def test_every_family_has_a_door_to_its_page_and_a_row_with_its_numbers(app: AppTest) -> None:
    doors = {part.proto.label: part.proto for part in app.get("page_link")}
    assert {label.removeprefix("Explore: ") for label in doors if label.startswith("Explore: ")} == {
        "Samples",
        "Beta",
        "Mixture",
        "Labels",
        "Style",
    }
    assert len([label for label in doors if label.startswith("Train the ")]) == len(FAMILIES)
    tables = [str(part.value) for part in app.markdown if "wide-table" in str(part.value)]
    for family in FAMILIES.values():
        preset = family.default_preset.name
        if preset in pretrained_names():
            rows = [line for table in tables for line in table.splitlines() if f"shipped\u00a0{preset} " in f"{line} "]
            assert len(rows) == 1, preset
            sets = read_card(PRETRAINED / preset).sets.values()
            assert any(signed(numbers.nelbo) in rows[0] for numbers in sets), preset
