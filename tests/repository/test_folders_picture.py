"""assets/folders.svg, which README shows: made from today's imports."""

import importlib.util
from types import ModuleType
from xml.etree import ElementTree

import pytest

from training.system.folders import PROJECT


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_folders_picture", PROJECT / "assets/make_folders_picture.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_picture_shows_the_folders_as_they_are(script: ModuleType) -> None:
    kept = script.PICTURE.read_text(encoding="utf-8")
    assert kept == script.draw(), "folders, docstrings or imports changed: run python assets/make_folders_picture.py"


def test_every_folder_is_in_it(script: ModuleType) -> None:
    picture = ElementTree.parse(script.PICTURE)
    shown = [element.text for element in picture.iter("{http://www.w3.org/2000/svg}text")]
    for house in ("pages", "training"):
        for package in (PROJECT / house).glob("*/__init__.py"):
            assert f"{package.parent.name}/" in shown


def test_readme_shows_it() -> None:
    assert "](assets/folders.svg)" in (PROJECT / "README.md").read_text(encoding="utf-8")


TOY: dict[str, set[str]] = {
    "top": {"left", "right", "ground"},
    "left": {"ground"},
    "right": {"cellar"},
    "ground": {"cellar"},
    "cellar": set(),
    "shed": set(),
}


def test_a_room_stands_just_above_all_that_it_imports(script: ModuleType) -> None:
    assert script.floors(TOY) == [["top"], ["left"], ["ground", "right"], ["cellar", "shed"]]


def test_an_arrow_that_follows_from_others_is_left_out(script: ModuleType) -> None:
    assert script.needed_arrows(TOY) == [
        ("ground", "cellar"),
        ("left", "ground"),
        ("right", "cellar"),
        ("top", "left"),
        ("top", "right"),
    ]


def test_rooms_in_a_circle_are_no_picture(script: ModuleType) -> None:
    with pytest.raises(RecursionError):
        script.floors({"here": {"there"}, "there": {"here"}})
